// One row for each query: the model and its control, who is better in how many seeds, and where it is lost.

const isFound = (system, place) => system.first[place] > 0 && system.first[place] <= DATA.top;
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function rowsOfView() {
  const pairs = shownSeeds().map((seed) => [
    shownSystem(view.compare, seed),
    shownSystem(CONTROL_OF[view.compare], seed),
  ]);
  const rates = ratesOf(view.baseline, view.criterion);
  return DATA.queries.map((query, place) => rowOf(query, place, pairs, rates));
}

function rowOf(query, place, pairs, rates) {
  const values = pairs.map((pair) => pair.map((system) => system.values[view.measure][place]));
  const changes = values.map(([model, control]) => model - control);
  const bm25 = systemOf("bm25");
  const lost = { pruned: lostAt("pruned", place, rates), recovered: lostAt("recovered", place, rates) };
  const found = {
    pruned: keptAt("pruned", place, view.rate),
    recovered: keptAt("recovered", place, view.rate),
  };
  return {
    place,
    qid: query.qid,
    text: query.text,
    model: mean(values.map(([model]) => model)),
    control: mean(values.map(([, control]) => control)),
    difference: mean(changes),
    wins: changes.filter((change) => change > SAME).length,
    ties: changes.filter((change) => Math.abs(change) <= SAME).length,
    losses: changes.filter((change) => change < -SAME).length,
    bm25: bm25 && view.compare !== "dense" ? bm25.values[view.measure][place] : undefined,
    prunedLost: lost.pruned ? Number(lost.pruned) : undefined,
    recoveredLost: lost.recovered ? Number(lost.recovered) : undefined,
    back: lost.pruned ? broughtBack(place, lost.pruned) : undefined,
    gone: found.pruned === false,
    regained: found.pruned === false && found.recovered === true,
  };
}

// Whether at least half of the seeds whose dense model finds the query find it at a rate; undefined where no
// dense model finds it, or the study has no such model.
function keptAt(arm, place, rate) {
  const seeds = shownSeeds().filter((seed) => isFound(shownSystem("dense", seed), place));
  const systems = seeds.map((seed) => systemOf(arm, view.baseline, seed, view.criterion, rate));
  if (!systems.length || systems.includes(undefined)) return undefined;
  return mean(systems.map((system) => Number(isFound(system, place)))) >= 1 / 2;
}

// The lowest rate at which it is lost.
const lostAt = (arm, place, rates) => rates.find((rate) => keptAt(arm, place, rate) === false);

function broughtBack(place, rate) {
  const kept = keptAt("recovered", place, rate);
  return kept === undefined ? undefined : kept ? "yes" : "no";
}

const TESTS = {
  all: () => true,
  better: (row) => row.difference > SAME,
  worse: (row) => row.difference < -SAME,
  same: (row) => Math.abs(row.difference) <= SAME,
  gone: (row) => row.gone,
  back: (row) => row.regained,
  never: (row) => row.gone && !row.regained,
};

// Those that the filters leave, the largest divergence first.
function filtered(rows) {
  const words = view.find.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const left = rows.filter((row) => {
    const text = `${row.text} ${row.qid}`.toLocaleLowerCase();
    return TESTS[view.show](row) && words.every((word) => text.includes(word));
  });
  return left.sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference) || (a.qid < b.qid ? -1 : 1));
}
