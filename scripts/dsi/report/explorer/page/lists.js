// The rankings of one query side by side: texts, the relevant documents marked, each number’s command.

function fillQuery() {
  const place = DATA.queries.findIndex((query) => query.qid === view.query);
  byId("query").hidden = place < 0;
  if (place < 0) return;
  const query = DATA.queries[place];
  byId("query-head").textContent = query.text;
  const seeds = shownSeeds();
  const seed =
    seeds.length > 1 ? `; the lists are those of seed ${seeds[0]}: choose a seed to see another’s` : "";
  byId("query-note").textContent = `Query ${query.qid}${seed}.`;
  const relevant = new Set(query.relevant);
  const shown = element("details", undefined, query.relevant.length < 4 ? { open: "" } : {});
  shown.append(element("summary", `${relevant.size} relevant document${relevant.size > 1 ? "s" : ""}`));
  const list = element("ul", undefined, { class: "documents" });
  list.append(...query.relevant.map((document) => documentItem(document, true)));
  shown.append(list);
  byId("relevant").replaceChildren(shown);
  const arms = ["bm25", "dense", ...(view.control === "1" ? ["restart"] : []), "pruned", "recovered"];
  const systems = arms.map((arm) => shownSystem(arm)).filter(Boolean);
  byId("lists").replaceChildren(...systems.map((system) => listOf(system, place, relevant)));
}

function listOf(system, place, relevant) {
  const made = element("section", undefined, { class: "list", "aria-label": DATA.arms[system.arm].legend });
  made.style.borderTopColor = DATA.arms[system.arm].colour;
  const head = element("h3", wordsOf(system.arm));
  if (system.rate !== null) head.append(element("small", ` ${system.criterion} ${system.rate}`));
  const measure = view.measure === "MAP" ? "AP" : view.measure;
  const first = system.first[place];
  const where = first ? `first relevant document at rank ${first}` : "no relevant document in the ranking";
  const items = element("ol", undefined, { class: "documents" });
  items.append(...system.lists[place].map((document) => documentItem(document, relevant.has(document))));
  made.append(
    head,
    element("p", `${measure} ${number(system.values[view.measure][place])} · ${where}`),
    items,
  );
  if (!system.lists[place].length) made.append(element("p", "This ranking is empty."));
  made.append(commandsOf(system));
  return made;
}

function documentItem(document, relevant) {
  const { docid, text } = DATA.documents[document];
  const item = element("li", undefined, relevant ? { class: "relevant" } : {});
  if (relevant) item.append(element("strong", "✓ relevant "));
  item.append(element("code", docid));
  item.append(element("p", text ?? "No document of the collection has this docid."));
  return item;
}

function commandsOf(system) {
  const made = element("details", undefined, { class: "commands" });
  made.append(element("summary", "Where this comes from"));
  for (const [name, value] of Object.entries(system.means)) {
    if (value !== null) made.append(element("p", `${name} over the ${DATA.split} queries: ${value}`));
  }
  const parts = { "The ranking": system.run, "measured by": system.evaluate, "made by": system.make };
  for (const [words, text] of Object.entries(parts)) made.append(element("p", words), element("pre", text));
  made.append(element("p", "Append the study’s own --configfile to the last one, if it has any."));
  return made;
}
