// The data of the page, and what can be chosen of it.

const DATA = JSON.parse(document.getElementById("data").textContent);
const SAME = 5e-8; // values of a query nearer than this are the same: they are rounded to 7 digits
const CONTROL_OF = { recovered: "restart", pruned: "dense", dense: "bm25" };

const keyOf = (...fields) => fields.map((field) => field ?? "").join("\u0000");
const SYSTEMS = new Map(
  DATA.systems.map((one) => [keyOf(one.arm, one.baseline, one.seed, one.criterion, one.rate), one]),
);

const unique = (values) => [...new Set(values.filter((value) => value !== null))];
const byNumber = (left, right) => Number(left) - Number(right);

// The system of an arm; undefined where the study has none.
function systemOf(arm, baseline, seed, criterion, rate) {
  if (arm === "bm25") return SYSTEMS.get(keyOf(arm, null, null, null, null));
  if (arm === "dense" || arm === "restart") return SYSTEMS.get(keyOf(arm, baseline, seed, null, null));
  return SYSTEMS.get(keyOf(arm, baseline, seed, criterion, rate));
}

const ofBaseline = (baseline) => DATA.systems.filter((one) => one.baseline === baseline);
const isPruned = (one) => one.criterion !== null;

function baselines() {
  const names = unique(DATA.systems.map((one) => one.baseline));
  // Those that are pruned first: they have most to look at.
  return names.sort((left, right) => ofBaseline(right).some(isPruned) - ofBaseline(left).some(isPruned));
}

const criteriaOf = (baseline) => unique(ofBaseline(baseline).map((one) => one.criterion));
const seedsOf = (baseline) => unique(ofBaseline(baseline).map((one) => one.seed)).sort(byNumber);
const ratesOf = (baseline, criterion) =>
  unique(
    ofBaseline(baseline)
      .filter((one) => one.criterion === criterion)
      .map((one) => one.rate),
  ).sort(byNumber);

// The arms that can be compared with their control, the one that matters most first.
function comparedOf(baseline, criterion, rate) {
  const seed = seedsOf(baseline)[0];
  return Object.keys(CONTROL_OF).filter(
    (arm) =>
      systemOf(arm, baseline, seed, criterion, rate) &&
      systemOf(CONTROL_OF[arm], baseline, seed, criterion, rate),
  );
}

const wordsOf = (arm) => DATA.arms[arm].name;

// An element with text, which is never read as markup.
function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined && text !== null) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

const byId = (id) => document.getElementById(id);
const number = (value, digits = 4) => value.toFixed(digits);
const signed = (value, digits) =>
  `${value > SAME ? "+" : value < -SAME ? "−" : ""}${number(Math.abs(value), digits)}`;
