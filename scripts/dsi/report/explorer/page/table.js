// The table of queries: Tabulator, which makes only the rows that are seen.

let table;
let ready = false;
let ownSort = false; // the sort that the view asks for, not the user

function makeTable(onSelect, onSort) {
  table = new Tabulator("#table", {
    height: "26rem",
    layout: "fitColumns",
    index: "place",
    columns: columnsOfView(),
    data: [],
    columnDefaults: {
      headerSortTristate: true,
      headerSortStartingDir: "desc",
      resizable: false,
      headerWordWrap: true,
    },
    placeholder: "No query is like this.",
    rowFormatter: markSelected,
  });
  table.on("rowClick", (_, row) => onSelect(row.getData().qid));
  table.on("dataSorted", (sorters) => {
    if (ready && !ownSort) onSort(sorters.length ? `${sorters[0].field}:${sorters[0].dir}` : "");
  });
  return new Promise((resolve) => table.on("tableBuilt", resolve)).then(() => {
    ready = true;
  });
}

function columnsOfView() {
  const numeric = {
    sorter: "number",
    sorterParams: { alignEmptyValues: "bottom" },
    hozAlign: "right",
    headerHozAlign: "right",
  };
  const value = {
    ...numeric,
    minWidth: 68,
    formatter: (cell) => plain(cell.getValue(), (found) => number(found, 3)),
  };
  const rate = {
    ...numeric,
    headerSortStartingDir: "asc",
    minWidth: 56,
    formatter: (cell) => plain(cell.getValue(), String),
  };
  const columns = [
    {
      title: "query",
      field: "text",
      sorter: "string",
      headerSortStartingDir: "asc",
      formatter: queryButton,
      widthGrow: 40,
      minWidth: 150,
    },
    {
      title: "difference",
      field: "difference",
      ...numeric,
      minWidth: 94,
      formatter: (cell) => change(cell.getValue()),
    },
    { title: wordsOf(view.compare), field: "model", ...value, minWidth: 93 },
    { title: wordsOf(CONTROL_OF[view.compare]), field: "control", ...value, minWidth: 80 },
  ];
  if (view.compare !== "dense") columns.push({ title: "BM25", field: "bm25", ...value });
  if (shownSeeds().length > 1) {
    columns.push({
      title: "over seeds",
      field: "wins",
      sorter: "number",
      minWidth: 76,
      formatter: (cell) => winsOf(cell.getData()),
    });
  }
  if (shownSystem("pruned")) columns.push({ title: "lost at", field: "prunedLost", ...rate });
  if (shownSystem("pruned") && shownSystem("recovered")) {
    columns.push({
      title: "brought back",
      field: "back",
      sorter: "string",
      sorterParams: { alignEmptyValues: "bottom" },
      minWidth: 74,
      formatter: (cell) => plain(cell.getValue(), String),
    });
  }
  if (shownSystem("recovered"))
    columns.push({
      title: shownSystem("pruned") ? "then lost at" : "lost at",
      field: "recoveredLost",
      ...rate,
    });
  return columns;

  function change(value) {
    const direction = value > SAME ? "up" : value < -SAME ? "down" : "level";
    return element("span", `${{ up: "▲", down: "▼", level: "" }[direction]} ${signed(value, 3)}`, {
      class: direction,
    });
  }
}

const plain = (value, words) => element("span", value === undefined || value === null ? "" : words(value));

function queryButton(cell) {
  // The button takes part in the row's click; it is here for the keyboard and for readers.
  return element("button", cell.getValue(), { type: "button", class: "query" });
}

function markSelected(row) {
  const chosen = row.getData().qid === view.query;
  row.getElement().classList.toggle("chosen", chosen);
  row.getElement().querySelector("button")?.setAttribute("aria-pressed", String(chosen));
}

function winsOf({ wins, ties, losses }) {
  const bar = element("span", undefined, {
    class: "wins",
    role: "img",
    "aria-label": winsWords(wins, ties, losses),
  });
  fillWins(bar, wins, ties, losses);
  return bar;
}

const winsWords = (wins, ties, losses) => `${wins} better, ${ties} the same, ${losses} worse`;

function fillWins(bar, wins, ties, losses) {
  const parts = { won: wins, tied: ties, worse: losses };
  bar.replaceChildren(
    ...Object.entries(parts)
      .filter(([, count]) => count)
      .map(([name, count]) => {
        const part = element("span", count, { class: name });
        part.style.flexGrow = count;
        return part;
      }),
  );
}

async function fillTable(rows) {
  ownSort = true;
  table.setColumns(columnsOfView());
  await table.setData(rows);
  const [field, direction] = view.sort.split(":");
  const known = table.getColumns().some((column) => column.getField() === field);
  if (known && ["asc", "desc"].includes(direction)) table.setSort(field, direction);
  else table.clearSort();
  ownSort = false;
  for (const column of table.getColumns()) sortByKey(column);
}

function sortByKey(column) {
  const head = column.getElement();
  head.tabIndex = 0;
  head.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      head.click();
    }
  });
}

// In the order in which they are shown.
const shownQueries = () => table.getData("active").map((row) => row.qid);

function showChosen() {
  for (const row of table.getRows("visible")) markSelected(row);
}
