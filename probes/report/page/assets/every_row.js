// The list of every score: chosen by its words, sorted by any column, the first few hundred shown.

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
