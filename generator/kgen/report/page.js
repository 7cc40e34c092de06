"use strict";
(function () {
  const { figures, hovers } = JSON.parse(document.getElementById("figures").textContent);
  const byKey = new Map(figures.map((figure) => [figure.key, figure]));
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const narrow = matchMedia("(max-width: 640px)");
  const rows = [...document.querySelectorAll("#trials tbody tr")];
  const COLOURS = new Set(["color", "colorscale", "bgcolor", "bordercolor", "gridcolor", "zerolinecolor", "linecolor"]);

  function property(name) {
    return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  }

  function colour(text) {
    const name = text.slice(1);
    if (name === "worse-better" || name === "early-late") return [[0, property("scale-low")], [1, property("scale-high")]];
    return property(name);
  }

  // A copy of a figure in which each colour's name is that colour. Only keys for colours count: values are others' texts.
  function coloured(value, key) {
    if (typeof value === "string") return COLOURS.has(key) && value[0] === "@" ? colour(value) : value;
    if (Array.isArray(value)) return value.map((item) => coloured(item, ""));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([inner, item]) => [inner, coloured(item, inner)]));
  }

  function axis(given, pale) {
    const own = { gridcolor: pale, zerolinecolor: pale, linecolor: pale, fixedrange: narrow.matches, ...given };
    if (given.tickvals && !given.ticktext) own.ticktext = given.tickvals.map(String);
    return own;
  }

  function layout(given) {
    const pale = property("grid");
    const made = {
      paper_bgcolor: property("surface"),
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.documentElement).fontFamily, size: 13, color: property("ink") },
      margin: { l: 60, r: 20, t: 34, b: 50 },
      hoverlabel: { align: "left", bgcolor: property("surface"), bordercolor: property("rule"), font: { color: property("ink") } },
      modebar: { bgcolor: "rgba(0,0,0,0)" },
      autosize: true,
      ...given,
    };
    for (const name of ["xaxis", "yaxis", "yaxis2"]) if (given[name]) made[name] = axis(given[name], pale);
    return made;
  }

  const config = {
    responsive: true,
    displaylogo: false,
    showLink: false,
    plotlyServerURL: "",
    showSendToCloud: false,
    showEditInChartStudio: false,
    scrollZoom: false,
    modeBarButtonsToRemove: ["autoScale2d", "zoomIn2d", "zoomOut2d", "pan2d"],
  };

  function hasWebGL() {
    const canvas = document.createElement("canvas");
    return Boolean(canvas.getContext("webgl") || canvas.getContext("webgl2"));
  }

  function draw(figure) {
    const place = document.getElementById(figure.key);
    const copy = coloured(figure, "");
    if (copy.data[0].type === "parcoords" && !hasWebGL()) {
      place.textContent = "This plot needs WebGL, which this browser does not have or does not allow.";
      place.style.height = "auto";
      return Promise.resolve(null);
    }
    for (const each of copy.data) {
      if (each.type === "parcoords") keepBrushes(place, each);
      else if (each.customdata) each.hovertext = each.customdata.map((number) => hovers[number]);
    }
    return Plotly.react(place, copy.data, layout(copy.layout), { ...config, displayModeBar: narrow.matches ? false : "hover" });
  }

  function keepBrushes(place, next) {
    const before = place.data && place.data[0] && place.data[0].dimensions;
    if (before) next.dimensions.forEach((each, at) => { each.constraintrange = before[at] && before[at].constraintrange; });
  }

  async function drawAll() {
    for (const figure of figures) {
      const first = !document.getElementById(figure.key).data;
      const place = await draw(figure);
      if (place && first) listen(place);
      else if (place && chosen !== null && place.data[0].type !== "parcoords") mark(place);
      await new Promise((go) => setTimeout(go)); // the page stays alive while many plots are made
    }
    document.documentElement.dataset.drawn = "yes";
  }

  // Trials that are chosen in one plot are shown in all others, and in the table.
  let chosen = null;

  function choose(numbers) {
    chosen = numbers;
    for (const row of rows) row.hidden = numbers !== null && !numbers.has(Number(row.dataset.n));
    const told = document.getElementById("chosen");
    if (told) {
      told.hidden = numbers === null;
      told.querySelector("span").textContent = numbers === null ? "" : numbers.size + " of " + rows.length + " trials are chosen.";
    }
    for (const figure of figures) {
      const place = document.getElementById(figure.key);
      if (place.data && place.data[0].type !== "parcoords") mark(place);
    }
  }

  function mark(place) {
    place.data.forEach((trace, at) => {
      if (!trace.customdata) return;
      const all = chosen === null;
      if (trace.mode === "markers") {
        const kept = all ? null : trace.customdata.flatMap((number, index) => (chosen.has(number) ? [index] : []));
        Plotly.restyle(place, { selectedpoints: [kept] }, [at]);
      } else {
        const plain = byKey.get(place.id).data[at].opacity;
        Plotly.restyle(place, { opacity: all || chosen.has(trace.customdata[0]) ? plain : 0.07 }, [at]);
      }
    });
  }

  function within(value, range) {
    if (!range || !range.length) return true;
    const ranges = Array.isArray(range[0]) ? range : [range];
    return ranges.some(([low, high]) => value >= low && value <= high);
  }

  function brushed(place) {
    const trace = place.data[0];
    const narrowed = trace.dimensions.filter((each) => each.constraintrange && each.constraintrange.length);
    if (!narrowed.length) return null;
    const kept = trace.customdata.filter((_, at) => narrowed.every((each) => within(each.values[at], each.constraintrange)));
    return new Set(kept);
  }

  function listen(place) {
    if (place.data[0].type === "parcoords") {
      place.on("plotly_restyle", () => choose(brushed(place)));
      return;
    }
    place.on("plotly_selected", (event) => {
      if (!event) return;
      const numbers = event.points.map((point) => point.customdata).filter((number) => number !== undefined);
      if (numbers.length) choose(new Set(numbers));
    });
    place.on("plotly_deselect", () => choose(null));
    place.on("plotly_click", (event) => {
      const number = event.points[0] && event.points[0].customdata;
      if (number !== undefined) location.hash = "trial-" + number;
    });
  }

  function showAll() {
    const place = document.getElementById("plot-parallel");
    if (place && place.data) {
      const none = {};
      place.data[0].dimensions.forEach((_, at) => { none["dimensions[" + at + "].constraintrange"] = null; });
      Plotly.restyle(place, none);
    }
    choose(null);
  }

  function key(row, column) {
    const cell = row.cells[column];
    return cell.dataset.v === undefined ? cell.textContent.trim() : Number(cell.dataset.v);
  }

  // Numbers before texts, nothing at the end in either direction.
  function compare(one, other, down) {
    if (one === "" || other === "") return (one === "") - (other === "");
    if (typeof one !== typeof other) return typeof one === "number" ? -1 : 1;
    const order = typeof one === "number" ? one - other : one.localeCompare(other, "en");
    return down ? -order : order;
  }

  function sort(column, head) {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const each of head.parentNode.cells) each.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const keyed = rows.map((row, at) => [key(row, column), at, row]);
    keyed.sort((a, b) => compare(a[0], b[0], down) || a[1] - b[1]);
    document.querySelector("#trials tbody").append(...keyed.map((each) => each[2]));
  }

  function openTarget() {
    const target = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
    if (target && target.tagName === "DETAILS") target.open = true;
  }

  function copyButtons() {
    for (const button of document.querySelectorAll(".copy")) {
      const text = button.closest(".paste").querySelector("pre");
      button.hidden = false;
      button.addEventListener("click", async () => {
        getSelection().selectAllChildren(text);
        const done = navigator.clipboard ? await navigator.clipboard.writeText(text.textContent).then(() => true, () => false) : false;
        button.textContent = done ? "Copied" : "Selected";
        setTimeout(() => { button.textContent = "Copy"; }, 1500);
      });
    }
  }

  const heads = document.querySelectorAll("#trials thead th");
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => sort(column, head)));
  const all = document.querySelector("#chosen button");
  if (all) all.addEventListener("click", showAll);
  addEventListener("hashchange", openTarget);
  openTarget();
  copyButtons();
  dark.addEventListener("change", drawAll);
  narrow.addEventListener("change", drawAll);
  drawAll();
})();
