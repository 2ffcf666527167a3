// The flame graph: a tree of frames, each as wide as its share of what is measured.

const ROW_PX = 21;
const LEAST_SHARE = 0.0008;
const SIDE_BY_SIDE = 500; // narrow frames that are seen together
const ALL = -1;

class FlameGraph {
  constructor(figure, data) {
    this.data = data;
    this.figure = figure;
    this.measure = data.measures[0];
    [this.zoomed, this.first] = [ALL, 0];
    this.word = "";
    this.count = data.parent.length;
    this.totals = {};
    for (const measure of data.measures) this.totals[measure.key] = this.summed(measure.key);
    this.children = new Map();
    for (let node = 0; node < this.count; node++) {
      const parent = data.parent[node];
      if (!this.children.has(parent)) this.children.set(parent, []);
      this.children.get(parent).push(node);
    }
    this.build();
    this.draw();
  }

  // What each node has with all above it; that of all comes last.
  summed(key) {
    const sums = [...this.data.own[key], 0];
    for (let node = this.count - 1; node >= 0; node--) {
      const parent = this.data.parent[node];
      sums[parent === ALL ? this.count : parent] += sums[node];
    }
    return sums;
  }

  total(node, key = this.measure.key) {
    return this.totals[key][node === ALL ? this.count : node];
  }

  name(node) {
    if (node === ALL) return "all";
    const frame = this.data.frame[node];
    return frame < 0 ? `(${count(this.data.merged[node])} smaller)` : this.data.frames[frame][0];
  }

  kind(node) {
    if (node === ALL || this.data.frame[node] < 0) return "summary";
    return this.data.frames[this.data.frame[node]][1] ? "function" : "program";
  }

  file(node) {
    const place = node === ALL || this.data.frame[node] < 0 ? -1 : this.data.frames[this.data.frame[node]][2];
    return place < 0 ? "" : this.data.files[place];
  }

  value(amount, measure = this.measure) {
    return measure.time ? duration(amount) : count(amount);
  }

  text(node) {
    const total = this.total(node);
    const kind = { function: "function ", program: "program ", summary: "" }[this.kind(node)];
    const parts = [`${kind}${this.name(node)}`, `${this.value(total)} of ${this.measure.title}`];
    if (node !== ALL) parts.push(share(total, this.total(ALL)) || "0%");
    const own = node === ALL ? 0 : this.data.own[this.measure.key][node];
    if (own && own < total) parts.push(`${this.value(own)} its own`);
    if (this.measure.pair) parts.push(this.change(node));
    if (this.file(node)) parts.push(this.file(node));
    return parts.join(", ");
  }

  difference(node) {
    const [before, after] = this.measure.pair.map((key) => this.total(node, key));
    return after - before;
  }

  change(node) {
    const found = this.difference(node);
    if (!found) return "as before";
    return found > 0 ? `${this.value(found)} more than before` : `${this.value(-found)} less than before`;
  }

  build() {
    const options = this.data.measures.map((one) => [one.key, `by ${one.title}`]);
    const measure = choice("Width", options, this.measure.key, (key) => {
      this.measure = this.data.measures.find((one) => one.key === key);
      this.first = 0;
      this.draw();
    });
    this.search = make("input", { type: "search", placeholder: "Find a name", "aria-label": "Find a name in the flame graph" });
    this.search.addEventListener("input", () => {
      this.word = this.search.value.trim().toLowerCase();
      this.draw();
    });
    this.reset = action("Zoom out", () => this.zoom(ALL));
    this.found = make("span", { class: "dim", role: "status" });
    this.details = make("p", { class: "details" });
    this.tree = make("div", { class: "flame", role: "tree", "aria-label": "Flame graph: arrows move, Enter zooms in, Escape zooms out" });
    this.tree.addEventListener("click", (event) => this.clicked(event));
    this.tree.addEventListener("keydown", (event) => this.pressed(event));
    for (const kind of ["mouseover", "focusin"]) {
      this.tree.addEventListener(kind, (event) => {
        const label = event.target.getAttribute("aria-label");
        if (event.target !== this.tree && label) this.details.textContent = label;
      });
    }
    this.figure.append(make("div", { class: "tools" }, measure, this.search, this.reset, this.found));
    this.figure.append(this.details, this.tree);
    this.details.textContent = "Point at a frame, or move there with the arrow keys. Enter or a click zooms in, Escape zooms out.";
  }

  matches(node) {
    return this.word !== "" && node !== ALL &&
      `${this.name(node)}\n${this.file(node)}`.toLowerCase().includes(this.word);
  }

  path(node) {
    const found = [];
    for (let one = node; one !== ALL; one = this.data.parent[one]) found.unshift(one);
    return [ALL, ...found];
  }

  sorted(parent) {
    const found = (this.children.get(parent) ?? []).filter((node) => this.total(node) > 0);
    const isSum = (node) => this.data.frame[node] < 0;
    return found.sort((a, b) => isSum(a) - isSum(b) || this.total(b) - this.total(a) || a - b);
  }

  sum(nodes) {
    return nodes.reduce((total, node) => total + this.total(node), 0);
  }

  // What is zoomed in to stands alone below all that led there; of its children the first may be
  // left out, so that others that are narrow can be seen.
  draw() {
    if (this.zoomed !== ALL && !this.total(this.zoomed)) [this.zoomed, this.first] = [ALL, 0];
    const above = this.path(this.zoomed);
    const all = this.sorted(this.zoomed).slice(this.first);
    const nodes = this.first ? all.slice(0, SIDE_BY_SIDE) : all;
    this.whole = (this.first ? this.sum(nodes) : this.total(this.zoomed)) || 1;
    this.drawn = above.map((node, depth) => this.frame(node, depth, 0, 1, node !== this.zoomed));
    this.drawn[above.length - 1].setAttribute("tabindex", 0);
    if (this.first) this.drawn.push(this.rest(this.zoomed, 0, all, above.length, 0, 1));
    if (all.length > nodes.length) {
      const more = all.slice(SIDE_BY_SIDE);
      this.drawn.push(this.rest(this.zoomed, this.first + SIDE_BY_SIDE, more, above.length + 1, 0, 1));
    }
    this.deepest = this.drawn.length;
    this.place(this.zoomed, nodes, this.first, this.drawn.length, 0);
    this.tree.replaceChildren(...this.drawn);
    this.tree.style.height = `${this.deepest * ROW_PX}px`;
    this.reset.disabled = this.zoomed === ALL && !this.first;
    this.sayFound();
  }

  // Nodes side by side, each with its children below it; `first` is the number of the first.
  place(parent, nodes, first, depth, left) {
    for (const [number, node] of nodes.entries()) {
      const width = this.total(node) / this.whole;
      const isNarrow = width < LEAST_SHARE;
      const rest = isNarrow ? nodes.slice(number) : [];
      if (isNarrow && this.sum(rest) / this.whole < LEAST_SHARE) return;
      this.deepest = Math.max(this.deepest, depth + 1);
      if (isNarrow) {
        this.drawn.push(this.rest(parent, first + number, rest, depth, left, this.sum(rest) / this.whole));
        return;
      }
      this.drawn.push(this.frame(node, depth, left, width, false));
      this.place(node, this.sorted(node), 0, depth + 1, left);
      left += width;
    }
  }

  frame(node, depth, left, width, isAbove) {
    const element = make("div", {
      class: `frame ${this.kind(node)}`, role: "treeitem", tabindex: -1,
      "aria-level": depth + 1, "aria-label": this.text(node), "data-node": node,
    }, this.name(node));
    if (isAbove) element.classList.add("above");
    if (this.word) element.classList.add(this.matches(node) ? "match" : "other");
    element.style.backgroundColor = this.color(node);
    this.position(element, depth, left, width);
    return element;
  }

  // One frame for those that are too narrow at this zoom, the last children from `first` on.
  rest(parent, first, nodes, depth, left, width) {
    const sum = this.sum(nodes);
    const name = `(${count(nodes.length)} narrow)`;
    const text = `${name}: ${this.value(sum)} of ${this.measure.title}, ${share(sum, this.total(ALL))}`;
    const element = make("div", {
      class: "frame summary", role: "treeitem", "aria-label": text, "data-rest": parent, "data-first": first,
    }, name);
    this.position(element, depth, left, width);
    return element;
  }

  position(element, depth, left, width) {
    if (width * (this.tree.clientWidth || WIDE_PX) < NAMED_PX) element.classList.add("narrow");
    Object.assign(element.style, { left: percent(left, 1), width: percent(width, 1), top: `${depth * ROW_PX}px` });
  }

  color(node) {
    const kind = this.kind(node);
    if (this.measure.pair && node !== ALL) return this.differenceColor(node);
    if (kind === "summary") return "";
    const name = this.name(node);
    return kind === "function" ? `hsl(${22 + hash(name, 28)} 82% ${70 + hash(name, 9)}%)`
      : `hsl(${195 + hash(name, 45)} 62% ${74 + hash(name, 9)}%)`;
  }

  differenceColor(node) {
    const [before, after] = this.measure.pair.map((key) => this.total(node, key));
    const part = (after - before) / Math.max(before, after, 1);
    return `hsl(${part > 0 ? 8 : 210} ${Math.round(75 * Math.min(1, Math.abs(part) * 2))}% ${Math.round(88 - 22 * Math.abs(part))}%)`;
  }

  // What matches, and is not within another that does.
  sayFound() {
    if (!this.word) {
      this.found.textContent = "";
      return;
    }
    let [sum, matching] = [0, 0];
    const visit = (parent, within) => {
      for (const node of this.children.get(parent) ?? []) {
        const isMatch = this.matches(node);
        if (isMatch && !within) sum += this.total(node);
        matching += isMatch;
        visit(node, within || isMatch);
      }
    };
    visit(ALL, false);
    this.found.textContent = matching
      ? `${count(matching)} found: ${this.value(sum)}, ${share(sum, this.total(ALL)) || "0%"} of ${this.measure.title}`
      : "nothing found";
  }

  zoom(node, first = 0) {
    [this.zoomed, this.first] = [node, first];
    this.draw();
    const element = this.element(node);
    if (this.tree.contains(document.activeElement) || document.activeElement === document.body) focusOn(this.tree, element);
  }

  element(node) {
    return this.tree.querySelector(`[data-node="${node}"]`);
  }

  clicked(event) {
    const { node, rest, first } = event.target.dataset;
    if (node === undefined && rest === undefined) return;
    this.zoom(Number(node ?? rest), Number(first ?? 0));
    focusOn(this.tree, this.element(this.zoomed));
  }

  pressed(event) {
    const node = Number(event.target.dataset.node);
    const steps = {
      ArrowUp: () => this.data.parent[node] ?? ALL,
      ArrowDown: () => this.sorted(node)[0],
      ArrowRight: () => this.beside(node, 1),
      ArrowLeft: () => this.beside(node, -1),
      Home: () => ALL,
    };
    if (event.key === "Enter" || event.key === " ") {
      this.zoom(node);
      focusOn(this.tree, this.element(node));
    } else if (event.key === "Escape") {
      this.zoom(ALL);
      focusOn(this.tree, this.element(ALL));
    } else if (steps[event.key]) {
      const element = this.element(steps[event.key]());
      if (element) focusOn(this.tree, element);
    } else return;
    event.preventDefault();
  }

  beside(node, step) {
    if (node === ALL) return ALL;
    const all = this.sorted(this.data.parent[node]);
    return all[all.indexOf(node) + step];
  }
}
