// How long calls took, over time: a cell for each power of two and column that has any.

class HeatMap {
  constructor(figure, data) {
    this.data = data;
    this.build(figure);
    this.draw();
  }

  build(figure) {
    const options = [["all", "all calls"], ["work", "all that works"], ["waits", "all that waits"]];
    this.data.layers.forEach(([title], number) => options.push([String(number), title]));
    this.select = make("select", { "aria-label": "Which calls" }, ...options.map(([value, title]) => make("option", { value }, title)));
    this.select.addEventListener("change", () => this.draw());
    this.details = make("p", { class: "details", role: "status" });
    this.picture = make("div", { class: "heat", tabindex: 0, role: "group" });
    this.picture.addEventListener("keydown", (event) => this.pressed(event));
    this.picture.addEventListener("mousemove", (event) => {
      const cell = event.target.dataset?.cell;
      if (cell) this.point(Number(cell));
    });
    figure.append(make("div", { class: "tools" }, make("label", {}, "Calls ", this.select)), this.details, this.picture);
  }

  chosen() {
    const value = this.select.value;
    const wanted = { all: () => true, work: ([, waits]) => !waits, waits: ([, waits]) => waits };
    return value in wanted ? this.data.layers.filter(wanted[value]) : [this.data.layers[Number(value)]];
  }

  draw() {
    this.calls = new Map();
    for (const [, , cells] of this.chosen()) {
      for (let place = 0; place < cells.length; place += 3) {
        const key = cells[place] * this.data.columns + cells[place + 1];
        this.calls.set(key, (this.calls.get(key) ?? 0) + cells[place + 2]);
      }
    }
    const powers = [...this.calls.keys()].map((key) => Math.floor(key / this.data.columns));
    [this.low, this.high] = powers.length ? [Math.min(...powers), Math.max(...powers)] : [0, 0];
    const rows = this.high - this.low + 1;
    const most = Math.log(Math.max(...this.calls.values(), 1) + 1);
    const svg = shape("svg", {
      viewBox: `0 0 ${this.data.columns} ${rows}`, preserveAspectRatio: "none", "aria-hidden": "true",
    });
    for (const [key, calls] of this.calls) {
      svg.append(shape("rect", {
        x: key % this.data.columns, y: this.high - Math.floor(key / this.data.columns), width: 1.02, height: 1.02,
        "fill-opacity": (0.12 + 0.88 * Math.log(calls + 1) / most).toFixed(3), "data-cell": key,
      }));
    }
    this.cursor = shape("rect", { class: "cursor", width: 1, height: 1 });
    svg.append(this.cursor);
    this.picture.replaceChildren(this.durations(rows), svg, this.times());
    svg.style.height = `${rows * 14}px`;
    const all = [...this.calls.values()].reduce((a, b) => a + b, 0);
    this.picture.setAttribute("aria-label", `${count(all)} calls, from ${duration(2 ** this.low)} to ${duration(2 ** (this.high + 1))}: arrows move to single cells`);
    this.details.textContent = `${count(all)} calls. Point at a cell, or move with the arrow keys.`;
    this.at = null;
  }

  durations(rows) {
    const axis = make("div", { class: "durations", "aria-hidden": "true" });
    for (let power = this.low; power <= this.high + 1; power += rows > 12 ? 4 : 2) {
      const mark = make("span", {}, duration(2 ** power));
      mark.style.bottom = percent(power - this.low, rows);
      axis.append(mark);
    }
    return axis;
  }

  times() {
    const axis = make("div", { class: "axis", "aria-hidden": "true" });
    for (const [ns, text] of ticks(this.data.ns, Math.max(2, Math.round((this.picture.clientWidth || WIDE_PX) / 110)))) {
      const mark = make("span", {}, text);
      mark.style.left = percent(ns, this.data.ns);
      axis.append(mark);
    }
    return axis;
  }

  point(cell) {
    this.at = cell;
    const [power, column] = [Math.floor(cell / this.data.columns), cell % this.data.columns];
    this.cursor.setAttribute("x", column);
    this.cursor.setAttribute("y", this.high - power);
    this.cursor.classList.add("on");
    const step = this.data.ns / this.data.columns;
    this.details.textContent = `${count(this.calls.get(cell) ?? 0)} calls of ${duration(power ? 2 ** power : 0)} to ${duration(2 ** (power + 1))}, ` +
      `from +${duration(Math.round(column * step))} to +${duration(Math.round((column + 1) * step))}`;
  }

  pressed(event) {
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [1, 0], ArrowDown: [-1, 0] };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const start = this.at ?? Math.max(this.low, 0) * this.data.columns;
    const power = Math.min(Math.max(Math.floor(start / this.data.columns) + step[0], this.low), this.high);
    const column = Math.min(Math.max((start % this.data.columns) + step[1], 0), this.data.columns - 1);
    this.point(power * this.data.columns + column);
  }
}
