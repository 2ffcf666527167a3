// Puts everything in its place, and lets the reader choose between light and dark.

function addTheme(button) {
  const isDark = () => (document.documentElement.dataset.theme
    ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const say = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", `${button.textContent} colours`);
  };
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    say();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", say);
  button.hidden = false;
  say();
}

const PICTURES = { flame: FlameGraph, timeline: Timeline, heat: HeatMap };

function start() {
  const data = JSON.parse(document.getElementById("drawings").textContent);
  addTheme(document.getElementById("theme"));
  for (const list of document.querySelectorAll(".items")) shorten(list);
  for (const region of document.querySelectorAll(".table")) new SortedTable(region);
  for (const figure of document.querySelectorAll("figure[data-drawing]")) {
    const name = figure.dataset.drawing;
    new PICTURES[name](figure, data[name]);
  }
}

start();
