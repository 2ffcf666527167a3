// Over time: what was waited for, how many processes there were, and the longest of them.

const LANE_PX = 16;
const MOST_ZOOM = 256;
const COLORS = 7;

class Timeline {
  constructor(figure, data) {
    this.data = data;
    this.zoom = 1;
    this.build(figure);
    this.fit();
  }

  build(figure) {
    const out = action("\u2212", () => this.zoomBy(1 / 2));
    const into = action("+", () => this.zoomBy(2));
    out.title = "Zoom out (key -)";
    into.title = "Zoom in (key +)";
    this.whole = action("All", () => this.zoomBy(0));
    this.details = make("p", { class: "details" }, "Point at a process, or move there with the arrow keys; + and - zoom.");
    this.axis = make("div", { class: "axis", "aria-hidden": "true" });
    this.lanes = make("div", { class: "lanes", role: "list", "aria-label": "Processes by their beginning: arrows move, + and - zoom" });
    this.track = make("div", { class: "track" }, this.axis);
    this.scroller = make("div", { class: "scroller", tabindex: 0, role: "group", "aria-label": "Processes over time" }, this.track);
    figure.append(make("div", { class: "tools" }, make("span", { class: "choice" }, out, into, this.whole)));
    this.addDoings(figure);
    this.addOthers();
    this.addBars();
    figure.append(this.details, this.scroller);
    this.scroller.addEventListener("keydown", (event) => this.pressed(event));
    addEventListener("resize", () => this.fit());
  }

  // What took most of the time has colours of its own; the rest has one together.
  addDoings(figure) {
    const sums = this.data.doings.map(([title, times]) => [title, times, times.reduce((a, b) => a + b, 0)]);
    sums.sort((a, b) => b[2] - a[2]);
    const rest = sums.splice(COLORS);
    if (rest.length) {
      const times = rest[0][1].map((_, place) => rest.reduce((sum, one) => sum + one[1][place], 0));
      sums.push([`${rest.length} others`, times, times.reduce((a, b) => a + b, 0)]);
    }
    if (!sums.length) return;
    const strip = this.strip("What was waited for", "doings");
    const columnNs = this.data.ns / this.data.columns;
    const heights = new Array(this.data.columns).fill(0);
    sums.forEach(([, times], number) => times.forEach((ns, column) => {
      if (!ns) return;
      const height = (100 * ns) / columnNs;
      heights[column] += height;
      strip.append(shape("rect", { class: `color-${number}`, x: column, width: 1.02, y: 100 - heights[column], height }));
    }));
    const whole = sums.reduce((sum, one) => sum + one[2], 0);
    const items = sums.map(([title, , ns], number) =>
      make("li", {}, make("i", { class: `color-${number}` }), `${title} ${share(ns, whole)}`));
    figure.append(make("ul", { class: "legend" }, ...items));
  }

  addOthers() {
    if (!this.data.others) return;
    const columnNs = this.data.ns / this.data.columns;
    const most = Math.max(...this.data.othersNs, 1);
    const label = `${count(this.data.others)} other processes: at most ${digits(most / columnNs)} at a time, on average`;
    const strip = this.strip(label, "others");
    this.data.othersNs.forEach((ns, column) => {
      const height = (100 * ns) / most;
      if (ns) strip.append(shape("rect", { x: column, width: 1.02, y: 100 - height, height }));
    });
  }

  strip(label, name) {
    const strip = shape("svg", {
      class: `strip ${name}`, viewBox: `0 0 ${this.data.columns} 100`,
      preserveAspectRatio: "none", role: "img", "aria-label": label,
    });
    this.track.append(make("p", { class: "label" }, label), strip);
    return strip;
  }

  addBars() {
    this.track.append(make("p", { class: "label" }, `${count(this.data.bars.length)} processes`), this.lanes);
    this.lanes.style.height = `${this.data.lanes * LANE_PX}px`;
    const bars = this.data.bars.map((bar, number) => this.bar(bar, number));
    bars[0]?.setAttribute("tabindex", 0);
    this.lanes.append(...bars);
    for (const kind of ["mouseover", "focusin"]) {
      this.lanes.addEventListener(kind, (event) => {
        const number = event.target.dataset.bar;
        if (number) this.details.textContent = this.text(this.data.bars[Number(number)]);
      });
    }
  }

  bar(bar, number) {
    const [start, ns, lane, , program] = bar;
    const name = this.data.programs[program];
    const element = make("div", {
      class: "bar", role: "listitem", tabindex: -1, "data-bar": number, "aria-label": this.text(bar),
    }, name);
    Object.assign(element.style, {
      left: percent(start, this.data.ns), width: percent(ns, this.data.ns), top: `${lane * LANE_PX}px`,
      backgroundColor: `hsl(${hash(name, 360)} 55% 76%)`,
    });
    return element;
  }

  text([start, ns, , pid, program, command, end]) {
    const parts = [command || this.data.programs[program], `pid ${pid}`, duration(ns), `from +${duration(start)}`];
    return [...parts, ...(end ? [end] : [])].join(", ");
  }

  fit() {
    this.track.style.width = percent(this.zoom, 1);
    const marks = ticks(this.data.ns, Math.max(2, Math.round((this.scroller.clientWidth || 800) * this.zoom / 110)));
    this.axis.replaceChildren(...marks.map(([ns, text]) => {
      const mark = make("span", {}, text);
      mark.style.left = percent(ns, this.data.ns);
      return mark;
    }));
    this.whole.disabled = this.zoom === 1;
    const least = (NAMED_PX * this.data.ns) / ((this.scroller.clientWidth || WIDE_PX) * this.zoom);
    this.data.bars.forEach(([, ns], number) => this.lanes.children[number].classList.toggle("narrow", ns < least));
  }

  // By a factor, about the middle of what is seen; 0 shows all.
  zoomBy(factor) {
    const view = this.scroller;
    const middle = (view.scrollLeft + view.clientWidth / 2) / view.scrollWidth;
    this.zoom = Math.min(Math.max(this.zoom * factor, 1), MOST_ZOOM);
    this.fit();
    view.scrollLeft = middle * view.scrollWidth - view.clientWidth / 2;
  }

  pressed(event) {
    const zooms = { "+": 2, "=": 2, "-": 1 / 2, 0: 0 };
    const bars = this.lanes.children;
    const current = Number(event.target.dataset.bar ?? -1);
    const steps = { ArrowRight: current + 1, ArrowLeft: current - 1, Home: 0, End: bars.length - 1 };
    if (event.key in zooms) this.zoomBy(zooms[event.key]);
    else if (current >= 0 && bars[steps[event.key]]) focusOn(this.lanes, bars[steps[event.key]]);
    else return;
    event.preventDefault();
  }
}
