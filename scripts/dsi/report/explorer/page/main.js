// Brings them together: a choice changes the view, and the view is drawn.

let rows = [];

// A query that an address names stays, whether the table shows it or not; a new filter goes to one that it
// leaves.
async function draw(filters = false) {
  fillForm();
  rows = filtered(rowsOfView());
  await fillTable(rows);
  const shown = shownQueries();
  if (!DATA.queries.some((query) => query.qid === view.query)) view.query = shown[0] ?? "";
  else if (filters && !shown.includes(view.query)) view.query = shown[0] ?? view.query;
  fillSummary();
  fillFigure(choose);
  drawQuery();
}

function drawQuery() {
  const shown = shownQueries();
  const place = shown.indexOf(view.query);
  byId("previous").disabled = place < 1;
  byId("next").disabled = place === shown.length - 1 || !shown.length;
  fillQuery();
  showChosen();
  writeAddress();
}

function fillSummary() {
  const control = wordsOf(CONTROL_OF[view.compare]);
  const count = (test) => rows.filter(TESTS[test]).length;
  const [wins, ties, losses] = ["better", "same", "worse"].map(count);
  const words = `${winsWords(wins, ties, losses)} than ${control}`;
  byId("summary").textContent = `${rows.length} of ${DATA.queries.length} queries: ${words}`;
  fillWins(byId("wins"), wins, ties, losses);
  byId("wins").setAttribute("aria-label", words);
  byId("wins").hidden = !rows.length;
  byId("columns-note").textContent = columnsInWords(control);
}

function columnsInWords(control) {
  const several = shownSeeds().length > 1;
  const [pruned, recovered] = [shownSystem("pruned"), shownSystem("recovered")];
  const measure = view.measure === "MAP" ? "AP" : view.measure;
  const found = `found: a relevant document among the first ${DATA.top}`;
  const who = several
    ? "fewer than half of the seeds that find it unpruned still do"
    : "it is not found, though dense finds it";
  const sentences = [
    `Difference: ${wordsOf(view.compare)} − ${control}, in ${measure}: ${DATA.measures[view.measure]}.`,
    several && "Over seeds: in how many the model is better, the same, worse.",
    view.criterion && `Lost at: the lowest rate at which ${who} (${found}).`,
    pruned && recovered && "Brought back: whether recovery at that rate finds it again.",
    pruned && recovered && "Then lost at: the lowest rate at which the recovered model does not find it.",
  ];
  return sentences.filter(Boolean).join(" ");
}

function choose(changes) {
  change(changes);
  return draw("show" in changes || "find" in changes);
}

function select(qid) {
  view.query = qid;
  drawQuery();
}

function step(by) {
  const shown = shownQueries();
  const qid = shown[shown.indexOf(view.query) + by];
  if (qid === undefined) return;
  select(qid);
  const { place } = rows.find((row) => row.qid === qid);
  table
    .scrollToRow(place, "nearest", false)
    .catch(() => undefined)
    .then(showChosen);
}

function listen() {
  const chosen = byId("choices");
  chosen.addEventListener("submit", (event) => event.preventDefault());
  chosen.addEventListener(
    "change",
    ({ target }) => target.id !== "find" && choose({ [target.id]: target.value }),
  );
  byId("find").addEventListener("input", ({ target }) => choose({ find: target.value }));
  byId("axis").addEventListener("change", ({ target }) => choose({ axis: target.value }));
  byId("control").addEventListener("change", ({ target }) => choose({ control: target.checked ? "1" : "" }));
  byId("previous").addEventListener("click", () => step(-1));
  byId("next").addEventListener("click", () => step(1));
  window.addEventListener("hashchange", () => {
    readAddress();
    draw();
  });
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return; // phones change the height as the page is scrolled
    width = window.innerWidth;
    plot?.setSize(sizeOfFigure());
  });
}

function fillWords() {
  for (const { name, meaning } of Object.values(DATA.arms))
    byId("words").append(element("dt", name), element("dd", meaning));
}

readAddress();
fillWords();
makeTable(select, (sort) => {
  view.sort = sort;
  drawQuery();
})
  .then(() => {
    listen();
    return draw();
  })
  .then(() => document.documentElement.setAttribute("data-ready", ""));
