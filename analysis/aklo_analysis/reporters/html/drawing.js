// What all parts need: elements, numbers as the report writes them, and how pictures are moved in.
"use strict";

const NAMED_PX = 26; // what is narrower does not show its name
const WIDE_PX = 1000;
const SVG = "http://www.w3.org/2000/svg";

// An element; children that are texts are text, and never markup.
function make(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

function shape(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const DURATIONS = [[1e9, "s"], [1e6, "ms"], [1e3, "\u00b5s"], [1, "ns"]];

function duration(ns) {
  if (ns < 0) return `-${duration(-ns)}`;
  if (ns >= 120e9) {
    const minutes = Math.floor(Math.round(ns / 1e9) / 60);
    if (minutes >= 120) return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, "0")}m`;
    return `${minutes}m${String(Math.round(ns / 1e9) % 60).padStart(2, "0")}s`;
  }
  for (const [unit, name] of DURATIONS) {
    if (ns >= unit * 0.9995) return `${unit > 1 ? digits(ns / unit) : ns}${name}`;
  }
  return "0";
}

function digits(value) {
  if (value >= 99.95) return value.toFixed(0);
  return value < 9.995 ? value.toFixed(2) : value.toFixed(1);
}

function count(number) {
  return number.toLocaleString("en-US");
}

function share(part, whole) {
  if (!whole || !part) return "";
  const percent = Math.floor((100 * part) / whole);
  return percent ? `${percent}%` : "<1%";
}

function percent(part, whole) {
  return `${(100 * part) / whole}%`;
}

// A number for a name, always the same one, below `most`.
function hash(name, most) {
  let sum = 7;
  for (const character of name) sum = (sum * 31 + character.codePointAt(0)) % 1000003;
  return sum % most;
}

// Buttons of which one is on.
function choice(label, options, chosen, onChange) {
  const group = make("div", { class: "choice", role: "group", "aria-label": label });
  for (const [key, title] of options) {
    const button = make("button", { type: "button", "aria-pressed": key === chosen }, title);
    button.addEventListener("click", () => {
      for (const other of group.children) other.setAttribute("aria-pressed", other === button);
      onChange(key);
    });
    group.append(button);
  }
  return group;
}

function action(title, onClick) {
  const button = make("button", { type: "button" }, title);
  button.addEventListener("click", onClick);
  return button;
}

// One member of a picture can be reached with the tab key; from there arrows go on.
function focusOn(container, member) {
  container.querySelector('[tabindex="0"]')?.setAttribute("tabindex", -1);
  member.setAttribute("tabindex", 0);
  member.focus({ preventScroll: false });
}

// About how many marks there are room for, at round times: [ns, text].
function ticks(ns, most) {
  const rough = ns / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough);
  const found = [];
  for (let at = 0; at <= ns * (1 - 0.5 / most); at += step) {
    found.push([at, at ? duration(at).replace(/\.0+(?=[a-z\u00b5])|(\.\d*[1-9])0+(?=[a-z\u00b5])/, "$1") : "0"]);
  }
  return found;
}
