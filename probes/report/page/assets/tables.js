// Tables that sort by any column: by its button, with the pointer or the keyboard.

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
