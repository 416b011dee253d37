// Quality against rate or zeros, with intervals: uPlot.

const LINES = { bm25: [], dense: [2, 4], restart: [8, 4] };
const MARKS = { pruned: "triangle", recovered: "circle" };
const GREY = "#999999";
const DASHES = [
  [6, 3],
  [2, 2],
  [8, 3, 2, 3],
  [12, 4],
  [4, 6],
  [1, 4],
  [10, 2, 2, 2, 2, 2],
  [14, 3, 3, 3],
];
let plot;

// Curves of the chosen criterion in the colours of their arms, of others in grey; lines of unpruned ones.
function curvesOfView() {
  const points = DATA.points.filter((point) => point.measure === view.measure);
  const x = (point) => (view.axis === "zeros" ? point.zeros : Number(point.rate));
  const drawn = (arm, criterion) =>
    points
      .filter(
        (point) =>
          point.baseline === view.baseline &&
          point.arm === arm &&
          point.criterion === criterion &&
          x(point) !== null,
      )
      .map((point) => ({ ...point, x: x(point) }))
      .sort((left, right) => left.x - right.x);
  const others = criteriaOf(view.baseline).filter((name) => name !== view.criterion);
  const curves = [
    ...others.map((name, place) => ({
      name: `recovered, ${name}`,
      colour: GREY,
      dash: DASHES[place % DASHES.length],
      points: drawn("recovered", name),
    })),
    ...Object.entries(MARKS).map(([arm, mark]) => ({
      name: `${wordsOf(arm)}, ${view.criterion}`,
      colour: DATA.arms[arm].colour,
      mark,
      points: drawn(arm, view.criterion),
    })),
  ].filter((curve) => curve.points.length);
  const lines = Object.entries(LINES).flatMap(([arm, dash]) =>
    points
      .filter((point) => point.arm === arm && (point.baseline === null || point.baseline === view.baseline))
      .map((point) => ({ name: wordsOf(arm), colour: DATA.arms[arm].colour, dash, point })),
  );
  return { curves, lines };
}

function fillFigure(onChoose) {
  plot?.destroy();
  const { curves, lines } = curvesOfView();
  const xs = curves.length ? curves.flatMap((curve) => curve.points.map((point) => point.x)) : [1];
  const edges = [0, Math.max(...xs) * 1.04];
  const tables = [
    ...curves.map((curve) => [curve.points.map((point) => point.x), curve.points.map((point) => point.mean)]),
    ...lines.map(({ point }) => [edges, [point.mean, point.mean]]),
  ];
  const all = [...curves.flatMap((curve) => curve.points), ...lines.map((line) => line.point)];
  const options = {
    ...sizeOfFigure(),
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    ...scalesOf(edges, all, curves.length > 0),
    series: [{}, ...[...curves, ...lines].map(seriesOf)],
    hooks: {
      draw: [(u) => drawIntervals(u, curves, lines)],
      setCursor: [(u) => read(u, curves)],
      ready: [(u) => choosing(u, curves, onChoose)],
    },
  };
  plot = new uPlot(options, tables.length ? uPlot.join(tables) : [[]], byId("figure"));
  byId("axis").hidden = !curves.length;
  byId("reading").textContent = curves.length
    ? "Point at the figure to read values; click a point to choose its rate."
    : "";
  byId("legend").replaceChildren(...[...curves, ...lines].map(legendItem));
  byId("values").replaceChildren(valuesTable(all));
}

function scalesOf(edges, points, pruned) {
  const top = Math.max(...points.map((point) => point.upper ?? point.mean));
  const across =
    view.axis === "zeros" ? "zeros in the whole model (share)" : "rate: share of the prunable weights";
  return {
    scales: { x: { time: false, range: edges }, y: { range: [0, Math.min(1, Math.max(top * 1.05, 0.01))] } },
    axes: [
      { label: across, labelSize: 24, size: 40, show: pruned },
      { label: `${view.measure} (0–1, higher is better)`, size: 48, labelSize: 24 },
    ],
  };
}

function seriesOf({ name, colour, dash, mark, points }) {
  const marks = { show: true, size: mark ? 9 : 5, stroke: colour, fill: colour };
  if (mark === "triangle") marks.paths = triangles;
  return {
    label: name,
    stroke: colour,
    width: mark ? 2 : 1.5,
    dash,
    spanGaps: true,
    points: points ? marks : { show: false },
  };
}

function sizeOfFigure() {
  const width = Math.max(260, byId("figure").clientWidth);
  return { width, height: Math.round(Math.min(380, width * 0.75)) };
}

function legendItem({ name, colour, dash, mark }) {
  const item = element("li");
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("viewBox", "0 0 40 10");
  drawing.setAttribute("aria-hidden", "true");
  const shapes = { triangle: "M15 1 h10 l-5 9 z", circle: "M20 1 a4 4 0 1 0 .01 0 z" };
  for (const [path, fill] of [["M0 5 H40", "none"], ...(mark ? [[shapes[mark], colour]] : [])]) {
    const drawn = document.createElementNS("http://www.w3.org/2000/svg", "path");
    for (const [key, value] of Object.entries({
      d: path,
      fill,
      stroke: colour,
      "stroke-width": 2,
      "stroke-dasharray": (fill === "none" && dash?.join(" ")) || "none",
    }))
      drawn.setAttribute(key, value);
    drawing.append(drawn);
  }
  item.append(drawing, element("span", name));
  return item;
}

// Pointing down, as the markers of the figures that are files.
function triangles(u, series) {
  const path = new Path2D();
  const [xs, ys] = [u.data[0], u.data[series]];
  const size = 5 * devicePixelRatio;
  ys.forEach((value, place) => {
    if (value === null || value === undefined) return;
    const [x, y] = [u.valToPos(xs[place], "x", true), u.valToPos(value, "y", true)];
    path.moveTo(x - size, y - size);
    path.lineTo(x + size, y - size);
    path.lineTo(x, y + size);
    path.closePath();
  });
  return { stroke: path, fill: path };
}

function drawIntervals(u, curves, lines) {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.setLineDash([]);
  ctx.lineWidth = 1.5 * devicePixelRatio;
  for (const { points, colour, mark } of curves) {
    if (!mark) continue;
    ctx.strokeStyle = colour;
    for (const { x, lower, upper } of points) {
      if (lower === null) continue;
      ctx.beginPath();
      ctx.moveTo(u.valToPos(x, "x", true), u.valToPos(lower, "y", true));
      ctx.lineTo(u.valToPos(x, "x", true), u.valToPos(upper, "y", true));
      ctx.stroke();
    }
  }
  ctx.globalAlpha = 0.08;
  for (const { point, colour } of lines) {
    if (point.lower === null) continue;
    const [bottom, high] = [u.valToPos(point.lower, "y", true), u.valToPos(point.upper, "y", true)];
    ctx.fillStyle = colour;
    ctx.fillRect(bbox.left, high, bbox.width, bottom - high);
  }
  ctx.restore();
}

const interval = ({ lower, upper }) => (lower === null ? "" : ` (${number(lower)} to ${number(upper)})`);

function nearest(u, curves) {
  const { left, top } = u.cursor;
  if (left === undefined || left < 0) return undefined;
  const places = curves.flatMap((curve) => curve.points.map((point) => ({ curve, point })));
  const away = ({ point }) => Math.hypot(u.valToPos(point.x, "x") - left, u.valToPos(point.mean, "y") - top);
  return places.sort((one, other) => away(one) - away(other))[0];
}

function read(u, curves) {
  const found = nearest(u, curves);
  if (!found) return;
  const { curve, point } = found;
  const zeros = point.zeros === null ? "" : `, ${(100 * point.zeros).toFixed(1)} % zeros`;
  const seeds = point.seeds > 1 ? `, mean of ${point.seeds} seeds` : "";
  byId("reading").textContent =
    `${curve.name} ${point.rate}${zeros}: ${view.measure} ${number(point.mean)}${interval(point)}${seeds}`;
}

function choosing(u, curves, onChoose) {
  u.over.addEventListener("click", () => {
    const found = nearest(u, curves);
    if (found) onChoose({ criterion: found.point.criterion, rate: found.point.rate });
  });
}

function valuesTable(points) {
  const made = element("table");
  const heads = [
    "system",
    "criterion",
    "rate",
    "zeros",
    view.measure,
    `${Math.round(100 * DATA.confidence)} % interval`,
    "seeds",
  ];
  const row = (cells, name) => {
    const line = element("tr");
    line.append(...cells.map((cell) => element(name, cell)));
    return line;
  };
  made.append(row(heads, "th"));
  for (const point of points) {
    const zeros = point.zeros === null ? "" : number(point.zeros);
    const ends = point.lower === null ? "" : `${number(point.lower)} to ${number(point.upper)}`;
    made.append(
      row(
        [
          point.system,
          point.criterion ?? "",
          point.rate ?? "",
          zeros,
          number(point.mean),
          ends,
          String(point.seeds),
        ],
        "td",
      ),
    );
  }
  return made;
}
