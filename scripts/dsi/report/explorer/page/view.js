// What is looked at: chosen in the form, kept in the address.

const ALL = "all";
const SHOWN = {
  all: "all queries",
  better: "better than the control",
  worse: "worse than the control",
  same: "the same as the control",
  gone: "lost at this rate",
  back: "lost, then recovered",
  never: "lost, not recovered",
};
const view = {};

// The values that each choice can have, as pairs of value and words; earlier ones decide about later ones.
const CHOICES = {
  baseline: () => baselines().map((name) => [name, name]),
  criterion: () => criteriaOf(view.baseline).map((name) => [name, name]),
  rate: () => ratesOf(view.baseline, view.criterion).map((rate) => [rate, rate]),
  seed: () => {
    const seeds = seedsOf(view.baseline).map((seed) => [String(seed), String(seed)]);
    return seeds.length > 1 ? [[ALL, `mean of ${seeds.length}`], ...seeds] : seeds;
  },
  compare: () =>
    comparedOf(view.baseline, view.criterion, view.rate).map((arm) => [
      arm,
      `${wordsOf(arm)} − ${wordsOf(CONTROL_OF[arm])}`,
    ]),
  measure: () => Object.keys(DATA.measures).map((name) => [name, name === "MAP" ? "AP (mean: MAP)" : name]),
  show: () => {
    const pruned = shownSystem("pruned") !== undefined;
    return Object.entries(SHOWN).filter(([name]) => pruned || !["gone", "back", "never"].includes(name));
  },
  axis: () => [["rate"], ["zeros"]],
};
// Where the first value is not the default.
const DEFAULTS = { rate: (values) => values.at(-1) };
const FREE = ["find", "sort", "query", "control"];

function readAddress() {
  let asked;
  try {
    asked = new URLSearchParams(location.hash.slice(1));
  } catch {
    asked = new URLSearchParams();
  }
  settle((name) => asked.get(name));
}

// Take what is asked for as far as there is such a thing, else the default.
function settle(asked) {
  for (const [name, choices] of Object.entries(CHOICES)) {
    const values = choices().map(([value]) => value);
    const wanted = asked(name);
    view[name] = values.includes(wanted) ? wanted : defaultOf(name, values);
  }
  for (const name of FREE) view[name] = asked(name) ?? "";
}

const defaultOf = (name, values) => (DEFAULTS[name] ? DEFAULTS[name](values) : values[0]) ?? "";

function writeAddress() {
  const parts = new URLSearchParams();
  for (const [name, choices] of Object.entries(CHOICES)) {
    const values = choices().map(([value]) => value);
    if (values.length > 1 && view[name] !== defaultOf(name, values)) parts.set(name, view[name]);
  }
  for (const name of FREE) if (view[name]) parts.set(name, view[name]);
  const hash = parts.toString();
  if (hash !== location.hash.slice(1)) history.replaceState(null, "", `#${hash}`);
}

// Change some choices; the others stay as far as they can.
function change(changes) {
  const before = { ...view };
  settle((name) => (name in changes ? changes[name] : before[name]));
}

const shownSeeds = () => (view.seed === ALL ? seedsOf(view.baseline) : [Number(view.seed)]);
const shownSystem = (arm, seed = shownSeeds()[0]) =>
  systemOf(arm, view.baseline, seed, view.criterion, view.rate);

function fillForm() {
  for (const [name, choices] of Object.entries(CHOICES)) {
    if (name === "axis") continue;
    const select = byId(name);
    const pairs = choices();
    select.replaceChildren(...pairs.map(([value, words]) => new Option(words, value)));
    select.value = view[name];
    select.disabled = pairs.length < 2;
    select.parentElement.hidden = pairs.length === 0;
  }
  if (byId("find").value !== view.find) byId("find").value = view.find;
  byId("control").checked = view.control === "1";
  byId("control").parentElement.hidden = !shownSystem("restart");
  for (const radio of document.querySelectorAll("input[name=axis]"))
    radio.checked = radio.value === view.axis;
}
