// Everything is put to work.

for (const [host, data] of Object.entries(read("picture-data"))) new Explorer(document.getElementById(host), data);
document.querySelectorAll("table.sortable").forEach(sortable);
const list = document.getElementById("every-row");
list.addEventListener("toggle", () => list.open && !list.dataset.made && ((list.dataset.made = "yes"), everyRow(list, read("row-data"))));
