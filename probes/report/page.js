"use strict";
// Belief pictures, sortable tables, and the list of every score. Nothing is fetched; without this script the page still reads.

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

// ---- belief pictures -------------------------------------------------------------------------------------------------------

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const unpack = (text, Kind) => new Kind(bytes(text).buffer);
// places come as 16-bit steps of the frame, half a frame of room around it
const places = (text) => Float32Array.from(unpack(text, Uint16Array), (v) => v / 32767 - 0.5);

function pictures(host, data) {
  const sets = data.sets.map((set) => {
    const found = { true: places(set.true), colour: bytes(set.colour), belief: unpack(set.belief, Uint32Array), weight: unpack(set.weight, Float32Array) };
    found.members = new Map();
    found.belief.forEach((b, i) => (found.members.get(b) ?? found.members.set(b, []).get(b)).push(i));
    found.total = found.weight.reduce((a, b) => a + b, 0);
    found.share = new Map([...found.members].map(([b, at]) => [b, at.reduce((sum, i) => sum + found.weight[i], 0) / found.total]));
    found.few = found.members.size <= data.few;
    found.order = shuffled(found.belief.length);
    return found;
  });
  const corners = places(data.corners);
  const panels = [{ ...data.truth, set: sets[0], at: sets[0].true, truth: true }];
  for (const p of data.panels) panels.push({ ...p, set: sets[p.points], at: places(p.probed) });
  const hint = host.nextElementSibling;
  const saying = hint.textContent;
  let chosen = null;

  for (const panel of panels) {
    const left = panel.outside ? `${panel.outside} outside the frame` : "";
    panel.canvas = make("canvas", { tabIndex: 0 });
    panel.canvas.setAttribute("role", "img");
    panel.canvas.setAttribute("aria-label", [panel.name, panel.detail, left].filter(Boolean).join(", "));
    host.append(make("div", {}, make("b", { textContent: panel.name }), make("small", { textContent: panel.detail }), panel.canvas, make("small", { textContent: left })));
    panel.canvas.addEventListener("pointermove", (event) => choose(panel, nearest(panel, event)));
    panel.canvas.addEventListener("pointerleave", () => choose(panel, null));
    panel.canvas.addEventListener("pointerdown", (event) => choose(panel, nearest(panel, event)));
    panel.canvas.addEventListener("blur", () => choose(panel, null));
    panel.canvas.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const byWeight = [...panel.set.share].sort((a, b) => b[1] - a[1]).map(([b]) => b);
      const now = byWeight.indexOf(chosen);
      choose(panel, byWeight[(now + step + byWeight.length + (now < 0 && step < 0 ? 1 : 0)) % byWeight.length]);
    });
  }

  function choose(panel, belief) {
    if (belief === chosen) return;
    chosen = belief;
    if (belief === null) hint.textContent = saying;
    else {
      const at = panel.set.members.get(belief);
      const share = (100 * panel.set.share.get(belief)).toPrecision(2);
      hint.textContent = `This belief: ${at.length} of the ${panel.set.belief.length} histories shown, ${share} % of their probability. Crosses: where it lies. Circles: where each network puts it.`;
    }
    panels.forEach(draw);
  }

  function nearest(panel, event) {
    const box = panel.canvas.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width, y = 1 - (event.clientY - box.top) / box.height;
    let best = null, closest = (14 / box.width) ** 2;
    for (let i = 0; i < panel.set.belief.length; i++) {
      const d = (panel.at[2 * i] - x) ** 2 + ((panel.at[2 * i + 1] - y) * data.aspect) ** 2;
      if (d < closest) { closest = d; best = panel.set.belief[i]; }
    }
    return best;
  }

  function draw(panel) {
    const { canvas, set, at } = panel;
    const ratio = window.devicePixelRatio || 1, width = canvas.parentElement.clientWidth, height = width * data.aspect;
    if (!width) return;
    canvas.style.height = `${height}px`;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const c = canvas.getContext("2d");
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    const style = getComputedStyle(document.documentElement), colour = (name) => style.getPropertyValue(`--${name}`).trim();
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const paint = (i) => {
      const rgb = [0, 1, 2].map((k) => set.colour[3 * i + k]).map((v) => (dark ? Math.round(v + 0.22 * (255 - v)) : v));
      return `rgb(${rgb.join()})`;
    };
    const X = (i, from) => from[2 * i] * width, Y = (i, from) => (1 - from[2 * i + 1]) * height;
    const disc = (x, y, r) => { c.beginPath(); c.arc(x, y, r, 0, 7); };
    const size = (belief) => 2.2 + 9 * Math.sqrt(set.share.get(belief)) * Math.min(1.2, width / 220);

    if (corners.length) {
      c.strokeStyle = colour("grid");
      c.beginPath();
      for (let i = 0; i < corners.length / 2; i++) c.lineTo(X(i, corners), Y(i, corners));
      c.closePath();
      c.stroke();
    }
    if (panel.truth && set.few) {
      c.strokeStyle = colour("ink");
      c.lineWidth = 0.6;
      for (const [belief, members] of [...set.members].sort((a, b) => set.share.get(b[0]) - set.share.get(a[0]))) {
        disc(X(members[0], at), Y(members[0], at), size(belief));
        c.fillStyle = paint(members[0]);
        c.fill();
        c.stroke();
      }
    } else {
      const n = set.belief.length, r = Math.max(0.55, Math.min(1.6, Math.sqrt(4000 / n))) * Math.min(1.3, Math.max(0.8, width / 220));
      c.globalAlpha = n > 2000 ? 0.6 : 0.8;
      for (const i of set.order) {
        if (at[2 * i] < 0 || at[2 * i] > 1 || at[2 * i + 1] < 0 || at[2 * i + 1] > 1) continue;
        c.fillStyle = paint(i);
        disc(X(i, at), Y(i, at), r);
        c.fill();
      }
      c.globalAlpha = 1;
      if (set.few && !panel.truth) {
        c.strokeStyle = colour("muted");
        c.lineWidth = 0.8;
        for (const [belief, members] of set.members) { disc(X(members[0], set.true), Y(members[0], set.true), size(belief)); c.stroke(); }
      }
    }
    const members = chosen === null ? undefined : set.members.get(chosen);
    if (!members) return;
    c.strokeStyle = colour("ink");
    c.lineWidth = 1.4;
    if (!panel.truth) for (const i of members.slice(0, 400)) { disc(X(i, at), Y(i, at), 3.2); c.stroke(); }
    const x = X(members[0], set.true), y = Y(members[0], set.true);
    c.lineWidth = 2;
    c.beginPath();
    for (const [dx, dy] of [[1, 1], [1, -1]]) { c.moveTo(x - 6 * dx, y - 6 * dy); c.lineTo(x + 6 * dx, y + 6 * dy); }
    c.stroke();
  }

  const redraw = () => panels.forEach(draw);
  new ResizeObserver(redraw).observe(host);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  redraw();
}

function shuffled(n) {
  // a fixed random order, so that no belief lies on top of the others by its place in the list
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  let state = 1;
  for (let i = n - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

// ---- tables ----------------------------------------------------------------------------------------------------------------

const key = (value) => {
  if (value === null || value === undefined || value === "") return null;
  return value === "∞" ? Infinity : value;
};

function compare(a, b, down) {
  a = key(a);
  b = key(b);
  if (a === null || b === null) return (a === null) - (b === null); // what is missing stays last
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  const order = typeof a === "number" ? a - b || 0 : String(a).localeCompare(String(b), undefined, { numeric: true });
  return down ? -order : order;
}

function sortedBy(table, th) {
  const down = th.getAttribute("aria-sort") === "descending" ? false : th.getAttribute("aria-sort") === "ascending" ? true : th.dataset.first === "down";
  for (const other of table.tHead.rows[0].cells) other.setAttribute("aria-sort", "none");
  th.setAttribute("aria-sort", down ? "descending" : "ascending");
  return down;
}

function sortable(table) {
  const value = (cell) => (cell.dataset.number !== undefined ? Number(cell.dataset.number.replace("inf", "Infinity")) : cell.textContent === "-" || cell.textContent === "empty" ? null : cell.textContent);
  [...table.tHead.rows[0].cells].forEach((th, j) => {
    if ([...table.tBodies[0].rows].some((row) => row.cells[j].dataset.number !== undefined)) th.dataset.first = "down";
    th.querySelector("button").addEventListener("click", () => {
      const down = sortedBy(table, th);
      const rows = [...table.tBodies[0].rows].sort((a, b) => compare(value(a.cells[j]), value(b.cells[j]), down));
      table.tBodies[0].append(...rows);
    });
  });
}

// ---- every score -----------------------------------------------------------------------------------------------------------

const CHOICES = ["process", "predictor", "site", "target", "control", "split", "weighting"];
const MOST = 300;

function everyRow(host, data) {
  const columns = Object.fromEntries(data.columns.map((column) => [column.name, column]));
  const at = (name, i) => { const c = columns[name]; return c.words ? c.words[c.values[i]] : c.values[i]; };
  const names = data.columns.map((column) => column.name);
  const first = [...CHOICES, "score", "low", "high", "reason"].filter((name) => columns[name]);
  const order = [...first, ...names.filter((name) => !first.includes(name))];
  const filters = make("div", { className: "filters" });
  const said = make("p", { className: "hint" });
  said.setAttribute("role", "status");
  const head = make("tr"), body = make("tbody"), table = make("table", {}, make("thead", {}, head), body);
  let sort = null;

  for (const name of CHOICES) {
    if (!columns[name]?.words) continue;
    const select = make("select", { name }, make("option", { value: "*", textContent: "all" }));
    for (const word of columns[name].words) select.append(make("option", { value: `=${word}`, textContent: word || (name === "control" ? "(none: the predictor)" : "(none)") }));
    select.addEventListener("change", show);
    filters.append(make("label", { textContent: name }, select));
  }
  for (const name of order) {
    const button = make("button", { type: "button", textContent: name });
    const th = make("th", { scope: "col" }, button);
    th.setAttribute("aria-sort", "none");
    if (!columns[name].words) th.dataset.first = "down";
    button.addEventListener("click", () => { sort = { name, down: sortedBy(table, th) }; show(); });
    head.append(th);
  }

  function show() {
    const wanted = [...filters.querySelectorAll("select")].filter((s) => s.value !== "*").map((s) => [s.name, s.value.slice(1)]);
    let rows = Array.from({ length: data.count }, (_, i) => i).filter((i) => wanted.every(([name, word]) => at(name, i) === word));
    if (sort) rows.sort((a, b) => compare(at(sort.name, a), at(sort.name, b), sort.down));
    said.textContent = rows.length > MOST ? `The first ${MOST} of ${rows.length.toLocaleString("en")} rows; choose above to see fewer, or sort.` : `${rows.length} rows.`;
    body.replaceChildren(...rows.slice(0, MOST).map((i) => make("tr", {}, ...order.map((name) => {
      const value = at(name, i), number = typeof value === "number";
      return make("td", { className: number ? "number" : "", textContent: value === null ? "" : number && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value });
    }))));
  }
  const scroll = make("div", { className: "scroll", tabIndex: 0 }, table);
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", "Every score");
  host.append(filters, said, scroll);
  show();
}

for (const [host, data] of Object.entries(read("picture-data"))) pictures(document.getElementById(host), data);
document.querySelectorAll("table.sortable").forEach(sortable);
const list = document.getElementById("every-row");
list.addEventListener("toggle", () => list.open && !list.dataset.made && ((list.dataset.made = "yes"), everyRow(list, read("row-data"))));
