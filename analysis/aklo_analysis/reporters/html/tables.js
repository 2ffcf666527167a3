// Tables: sorted by a click on a title, filtered by a word. Long ones, and long lists, are short
// until all is asked for.
const FEW_ROWS = 10;
const FEW_MORE = 4; // so few are not worth a button

const UNITS = {
  ns: 1, "\u00b5s": 1e3, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9,
  B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40, "%": 1, "": 1,
};

// The number that a cell shows, as `2m05s`, `1.50KiB`, `<1%` or `1,234`; NaN if it shows none.
function numberOf(text) {
  const parts = text.replace(/,/g, "").match(/^([-+<~]?)((?:[\d.]+[^\d.\s]*)+)$/);
  if (!parts) return NaN;
  let sum = 0;
  for (const [, digits, unit] of parts[2].matchAll(/([\d.]+)([^\d.]*)/g)) {
    sum += Number(digits) * (UNITS[unit] ?? NaN);
  }
  if (parts[1] === "<") return sum / 2;
  return parts[1] === "-" ? -sum : sum;
}

function compareCells(a, b) {
  const [first, second] = [numberOf(a), numberOf(b)];
  if (Number.isNaN(first) || Number.isNaN(second)) return a.localeCompare(b);
  return first - second;
}

// The first items of a list, and a button for the others.
function shorten(list) {
  const more = [...list.children].slice(FEW_ROWS);
  if (more.length <= FEW_MORE) return;
  const button = make("button", { type: "button" });
  const state = make("span", { class: "dim", role: "status" });
  const show = (isWhole) => {
    for (const item of more) item.hidden = !isWhole;
    button.textContent = isWhole ? `Show the first ${FEW_ROWS}` : `Show all ${list.children.length}`;
    button.setAttribute("aria-expanded", isWhole);
    state.textContent = isWhole ? "" : `${more.length} more`;
  };
  button.addEventListener("click", () => show(more[0].hidden));
  list.after(make("div", { class: "tools" }, button, state));
  show(false);
}

class SortedTable {
  constructor(region) {
    this.region = region;
    this.table = region.querySelector("table");
    this.body = this.table.tBodies[0];
    this.rows = [...this.body.rows];
    this.isWhole = this.rows.length <= FEW_ROWS + FEW_MORE;
    if (this.rows.length < 2) return;
    [...this.table.tHead.rows[0].cells].forEach((cell, place) => this.addSorting(cell, place));
    if (this.isWhole) return;
    this.addTools();
    this.show();
  }

  addSorting(cell, place) {
    if (!cell.textContent) return;
    const button = make("button", { type: "button", title: "Sort by this" }, cell.textContent);
    button.addEventListener("click", () => this.sort(cell, place));
    cell.replaceChildren(button);
  }

  // Numbers begin with the largest, names with the first; what has none stays at the end.
  sort(cell, place) {
    const isNumber = cell.classList.contains("right");
    const before = cell.getAttribute("aria-sort");
    const order = { ascending: "descending", descending: "ascending" }[before] ??
      (isNumber ? "descending" : "ascending");
    for (const other of this.table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    cell.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const text = (row) => (row.cells[place].firstChild ?? row.cells[place]).textContent.trim();
    const keyed = this.rows.map((row) => [text(row), row]);
    keyed.sort(([a], [b]) => (!a - !b) || sign * compareCells(a, b));
    this.rows = keyed.map(([, row]) => row);
    this.body.append(...this.rows);
    this.show();
  }

  addTools() {
    const title = this.table.caption.textContent;
    this.filter = make("input", {
      type: "search", placeholder: "Filter rows", "aria-label": `Filter rows of ${title}`,
    });
    this.filter.addEventListener("input", () => this.show());
    this.state = make("span", { class: "dim", role: "status" });
    this.more = make("button", { type: "button" });
    this.more.addEventListener("click", () => {
      this.isWhole = !this.isWhole;
      this.show();
    });
    this.region.before(make("div", { class: "tools" }, this.filter, this.state));
    this.region.after(make("div", { class: "tools" }, this.more));
  }

  show() {
    const word = (this.filter?.value ?? "").trim().toLowerCase();
    const found = this.rows.filter((row) => row.textContent.toLowerCase().includes(word));
    const shown = new Set(this.isWhole || word ? found : found.slice(0, FEW_ROWS));
    for (const row of this.rows) row.hidden = !shown.has(row);
    if (!this.filter) return;
    const all = count(this.rows.length);
    const isShort = !word && !this.isWhole;
    this.state.textContent = word ? `${count(found.length)} of ${all} rows`
      : isShort ? `the first ${FEW_ROWS} of ${all} rows` : `${all} rows`;
    this.more.textContent = this.isWhole ? `Show the first ${FEW_ROWS}` : `Show all ${all} rows`;
    this.more.setAttribute("aria-expanded", this.isWhole);
    this.more.hidden = Boolean(word);
  }
}
