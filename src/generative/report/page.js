// The page comes to life: languages, charts, players, networks. Everything is readable without.

const root = document.documentElement, words = JSON.parse(document.querySelector("#words").textContent);
const say = (key) => `<span class="en" lang="en">${words[key].en}</span><span class="zh" lang="zh">${words[key].zh}</span>`;
const language = () => (root.classList.contains("zh") ? "zh" : "en");
const element = (html) => {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
};

const charts = [];
function translated() {
  root.lang = language();
  const title = document.querySelector("title");
  document.title = title.dataset[language()];
  for (const node of document.querySelectorAll("[data-zh]:not(title)")) {
    const name = node.hasAttribute("alt") ? "alt" : "aria-label";
    node.dataset.en ??= node.getAttribute(name);
    node.setAttribute(name, node.dataset[language()]);
  }
  for (const draw of charts) draw();
}
document.querySelector("#language").addEventListener("click", () => {
  const other = language() === "zh" ? "en" : "zh";
  root.classList.remove("en", "zh");
  root.classList.add(other);
  translated();
});

// The picture of a card is one of those below: it is stored once.
for (const picture of document.querySelectorAll("[data-copy]")) {
  const shown = [...document.querySelectorAll("figure")].find((figure) =>
    figure.querySelector("code")?.textContent === picture.dataset.copy.slice(0, 8));
  const source = shown?.querySelector("img");
  if (source) picture.src = source.src;
  else picture.remove();
}

// What is far below is made when it comes near.
const near = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) {
    near.unobserve(entry.target);
    entry.target.begin();
  }
}, {rootMargin: "600px"});
function later(node, begin) {
  node.begin = begin;
  near.observe(node);
}

// On paper there is all of it.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details.printed:not([open])")];
  for (const node of opened) node.open = true;
  for (const node of document.querySelectorAll(".curves:empty, .charts:empty")) { near.unobserve(node); node.begin(); }
});
addEventListener("afterprint", () => { for (const node of opened) node.open = false; });

const WHOLE = [1, 2, 5].flatMap((m) => [m, 10 * m, 100 * m, 1000 * m, 10000 * m]).sort((a, b) => a - b);

// How a line of a chart is drawn.
const STYLES = {
  line: () => ({}),
  dashed: () => ({dash: [6, 4]}),
  rule: () => ({dash: [6, 4], points: {show: false}}),
  steps: () => ({paths: uPlot.paths.stepped({align: 1})}),
  marked: (colour) => ({points: {show: true, size: 7, fill: colour}}),
  points: (colour) => ({paths: () => null, points: {show: true, size: 7, fill: colour}}),
  dots: (colour) => ({paths: () => null, points: {show: true, size: 4, width: 0, fill: colour}}),
  bars: (colour) => ({paths: uPlot.paths.bars({size: [0.8, 40]}), fill: colour, points: {show: false}}),
};

// One pair of axes in `node`. lines: each {label, style, colour, x, y}; a hole where there is no number.
function chart(node, {name, title, across, up, lines, logarithmic, width, height = 220, whole = false}) {
  const style = getComputedStyle(root), colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const axis = {stroke: colour("faint"), grid: {stroke: colour("line")}, font: "12px system-ui", labelSize: 18, labelFont: "12px system-ui"};
  const part = document.createElement("div");
  part.setAttribute("role", "img");
  part.setAttribute("aria-label", name);
  node.append(part);
  const powers = (_, places) => places.map((y) => (Number.isInteger(Math.log10(y)) ? y : null));
  const above = (y) => (logarithmic && y <= 0 ? null : y);
  new uPlot({
    title, width, height, scales: {x: {time: false}, y: {distr: logarithmic ? 3 : 1}},
    axes: [{...axis, ...(whole ? {incrs: WHOLE} : {}), label: across}, {...axis, size: 60, ...(logarithmic ? {grid: {...axis.grid, filter: powers}} : {}), ...(up ? {label: up} : {})}],
    series: [{label: across}, ...lines.map((line) => ({
      label: line.label, stroke: colour(line.colour), width: 2, points: {show: line.x.length < 3},
      value: (_, v) => (v == null ? "–" : Number(v.toPrecision(4))), ...STYLES[line.style](colour(line.colour)),
    }))],
  }, uPlot.join(lines.map((line) => [line.x, line.y.map(above)])), part);
}
const redrawn = (node, draw) => later(node, () => {
  const again = () => { node.replaceChildren(); draw(); };
  charts.push(again);
  again();
});

// Learning curves: a panel a metric.
for (const node of document.querySelectorAll(".curves")) {
  const {time, values, panels, logarithmic} = JSON.parse(node.dataset.curves), labels = JSON.parse(node.dataset.labels);
  redrawn(node, () => {
    const width = Math.min(420, node.clientWidth / Math.max(1, Math.floor(node.clientWidth / 290)) - 16);
    for (const panel of panels) {
      const kinds = ["training", "validation"].filter((kind) => panel[kind]);
      const title = labels[panel.name][language()], across = labels[time][language()];
      const lines = kinds.map((kind) => ({
        label: kind === "training" && kinds.length === 1 ? title : words[kind][language()],
        style: kind === "validation" ? "dashed" : "line", colour: kind, x: values, y: panel[kind],
      }));
      chart(node, {name: `${node.dataset.key}: ${title}`, title, across, lines, logarithmic, width, whole: true});
    }
  });
}

// Other charts: the names of their axes and lines in the language of the page.
for (const node of document.querySelectorAll(".charts")) {
  const drawn = JSON.parse(node.dataset.charts), labels = JSON.parse(node.dataset.labels);
  const called = (name) => labels[name][language()];
  redrawn(node, () => {
    for (const {across, up, series, logarithmic} of drawn) {
      const lines = series.map((one, i) => ({...one, label: called(one.name), colour: ["dashed", "rule"].includes(one.style) ? "faint" : `series${i}`}));
      const scattered = series.some((one) => one.style === "dots");
      chart(node, {name: `${node.dataset.key}: ${called(up)}`, across: called(across), up: called(up), lines, logarithmic, width: Math.min(460, node.clientWidth), height: scattered ? 420 : 240});
    }
  });
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", translated);

function place(frame, number, columns, rows) {
  const column = number % columns, row = Math.floor(number / columns);
  const share = (at, count) => (count > 1 ? 100 * at / (count - 1) : 0);
  frame.style.backgroundSize = `${columns * 100}% ${rows * 100}%`;
  frame.style.backgroundPosition = `${share(column, columns)}% ${share(row, rows)}%`;
}

// A sheet of frames in the place of an animation.
for (const player of document.querySelectorAll(".player")) {
  const {columns, rows} = player.dataset, frames = JSON.parse(player.dataset.frames);
  const frame = player.querySelector(".frame"), slider = player.querySelector("input");
  const output = player.querySelector("output"), button = player.querySelector("button");
  const show = () => {
    place(frame, Number(slider.value), Number(columns), Number(rows));
    output.value = frames[slider.value];
    slider.setAttribute("aria-valuetext", output.value);
  };
  let timer = 0;
  const stop = () => { clearInterval(timer); timer = 0; button.innerHTML = say("play"); };
  button.addEventListener("click", () => {
    if (timer) return stop();
    button.innerHTML = say("pause");
    if (slider.value === slider.max) slider.value = 0;
    timer = setInterval(() => {
      if (slider.value === slider.max) return stop();
      slider.value = Number(slider.value) + 1;
      show();
    }, 250);
  });
  slider.addEventListener("input", () => { stop(); show(); });
  show();
}

// A sheet with an image for each place of its sliders.
for (const sheet of document.querySelectorAll(".sheet")) {
  const axes = JSON.parse(sheet.dataset.axes), frame = sheet.querySelector(".frame");
  const sliders = [...sheet.querySelectorAll("input")], outputs = sheet.querySelectorAll("output");
  const columns = axes.at(-1).values.length;
  const rows = axes.slice(0, -1).reduce((count, axis) => count * axis.values.length, 1);
  const show = () => {
    let number = 0;
    sliders.forEach((slider, i) => {
      number = number * axes[i].values.length + Number(slider.value);
      outputs[i].value = axes[i].values[slider.value];
      slider.setAttribute("aria-valuetext", outputs[i].value);
    });
    place(frame, number, columns, rows);
  };
  sheet.addEventListener("input", show);
  show();
}

// Networks that run here.
function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
const DRAWS = {normal, uniform: Math.random, symmetric: () => 2 * Math.random() - 1};

// The quantile of a standard normal, by bisection of its distribution function.
function quantile(share) {
  const below = (x) => {
    const t = 1 / (1 + 0.2316419 * Math.abs(x));
    const tail = Math.exp(-x * x / 2) * t * (0.319381530 + t * (-0.356563782
      + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429)))) / Math.sqrt(2 * Math.PI);
    return x > 0 ? 1 - tail : tail;
  };
  let low = -6, high = 6;
  for (let i = 0; i < 40; i++) below((low + high) / 2) < share ? low = (low + high) / 2 : high = (low + high) / 2;
  return (low + high) / 2;
}

for (const node of document.querySelectorAll(".alive")) later(node, () => {
  const read = (name) => node.querySelector(name).textContent;
  const described = JSON.parse(read(".described"));
  const bytes = Uint8Array.from(atob(read(".weights").trim()), (c) => c.charCodeAt(0)).buffer;
  const network = node.network = new Network(described, bytes);
  const run = described.controls.kind === "text" ? writer : painter;
  run(node, network, described.controls);
});

function painter(node, network, {parts}) {
  const stage = element(`<div class="stage"><div><canvas role="img" class="pixelated"></canvas><p class="note"><output class="speed"></output> ${say("speed")}</p></div><div class="sliders"></div></div>`);
  node.querySelector(".controls").append(stage);
  const canvas = stage.querySelector("canvas"), speed = stage.querySelector(".speed");
  const box = stage.querySelector(".sliders"), state = [];
  canvas.setAttribute("aria-label", node.dataset.key);
  let waiting = false;
  const changed = () => {
    if (!waiting) requestAnimationFrame(() => { waiting = false; paint(); });
    waiting = true;
  };
  for (const part of parts) {
    const own = {part, slider: null};
    state.push(own);
    const [low, high, at, step] = {
      number: [part.low, part.high, 0, 0.05],
      choice: [0, part.size - 1, Math.min(3, part.size - 1), 1],
      noise: [0, 1, 0, 0.01],
    }[part.kind];
    const label = element(`<label><span></span> <output>${at}</output><input type="range"></label>`);
    label.querySelector("span").textContent = part.name.replaceAll("_", " ");
    own.slider = label.querySelector("input");
    Object.assign(own.slider, {min: low, max: high, step, value: at});
    own.slider.addEventListener("input", () => { label.querySelector("output").value = own.slider.value; changed(); });
    box.append(label);
    if (part.kind === "noise") own.draw = () => {
      const numbers = () => Array.from({length: part.size}, DRAWS[part.distribution]);
      own.ends = [numbers(), numbers()];
    };
    own.draw?.();
  }
  if (state.some((own) => own.draw)) {
    const button = element(`<button type="button">${say("new_noise")}</button>`);
    button.addEventListener("click", () => { state.forEach((own) => own.draw?.()); changed(); });
    box.append(button);
  }
  plane(node, stage, state, changed);

  function latent() {
    return state.flatMap(({part, slider, ends}) => {
      const at = Number(slider.value);
      if (part.kind === "number") return [at];
      if (part.kind === "choice") return Array.from({length: part.size}, (_, i) => Number(i === at));
      // Along the circle through both ends of a Gaussian, so that what lies between is as long.
      const [a, b] = part.distribution === "normal" ? [Math.cos(at * Math.PI / 2), Math.sin(at * Math.PI / 2)] : [1 - at, at];
      return ends[0].map((x, i) => a * x + b * ends[1][i]);
    });
  }

  function paint() {
    const start = performance.now(), [{shape, data}] = network.run([latent()]);
    speed.value = Math.max(1, Math.round(performance.now() - start));
    const [height, width, channels] = shape;
    canvas.width = width;
    canvas.height = height;
    const pixels = new ImageData(width, height);
    for (let i = 0; i < width * height; i++) {
      for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = 255 * data[i * channels + (channels > 1 ? c : 0)];
      pixels.data[4 * i + 3] = 255;
    }
    canvas.getContext("2d").putImageData(pixels, 0, 0);
  }
  paint();
}

// The picture of the plane of codes as a pad: each place stands for the same share of the prior.
function plane(node, stage, state, changed) {
  const source = node.closest("article").querySelector('img[data-picture="latent_plane"]');
  if (!source || state.length !== 2 || state.some((own) => own.part.kind !== "number")) return;
  const pad = element(`<div><img class="plane pixelated" alt=""><p class="note">${say("plane")}</p></div>`);
  const picture = pad.querySelector("img");
  picture.src = source.src;
  stage.append(pad);
  const point = (event) => {
    const {left, top, width, height} = picture.getBoundingClientRect();
    const share = [(event.clientX - left) / width, 1 - (event.clientY - top) / height];
    state.forEach(({slider}, i) => {
      slider.value = quantile(Math.min(0.999, Math.max(0.001, share[i])));
      slider.dispatchEvent(new Event("input"));
    });
    changed();
  };
  picture.addEventListener("pointermove", point);
  picture.addEventListener("pointerdown", point);
}

function writer(node, network, {vocabulary}) {
  const stage = element(`<div><label>${say("prompt")} <input type="text" value="" size="40"></label><label>${say("temperature")} <output>0.5</output><input type="range" min="0.1" max="1.5" step="0.1" value="0.5"></label><button type="button">${say("write")}</button> <span class="note" role="status"></span><pre class="written" tabindex="0"></pre></div>`);
  node.querySelector(".controls").append(stage);
  const [prompt, temperature] = stage.querySelectorAll("input"), status = stage.querySelector("[role=status]");
  const output = stage.querySelector("output"), button = stage.querySelector("button"), written = stage.querySelector("pre");
  const characters = [...vocabulary];
  let run = 0;
  temperature.addEventListener("input", () => { output.value = temperature.value; });
  button.addEventListener("click", () => (run ? stop() : start()));
  const stop = () => { run = 0; button.innerHTML = say("write"); };

  function start() {
    const asked = [...prompt.value], unknown = asked.filter((c) => !characters.includes(c));
    status.innerHTML = unknown.length ? say("unknown") : "";
    if (unknown.length) return status.append(` ${[...new Set(unknown)].join(" ")}`);
    let state = network.inputs.slice(1).map(([size]) => new Float32Array(size)), logits;
    const step = (id) => {
      [logits, ...state] = network.run([[id], ...state]).map((tensor) => tensor.data);
    };
    step(0);  // where a text begins
    for (const character of asked) step(characters.indexOf(character) + 1);
    written.textContent = prompt.value;
    button.innerHTML = say("stop");
    const own = run = Math.random();
    let left = 1500;
    const go = () => {
      if (run !== own) return;
      for (let i = 0; i < 3 && left > 0; i++, left--) {
        const chosen = drawn(logits, Number(temperature.value));
        written.textContent += characters[chosen];
        step(chosen + 1);
      }
      written.scrollTop = written.scrollHeight;
      if (left > 0) requestAnimationFrame(go);
      else stop();
    };
    go();
  }
}

// An index of `logits` by its probability at this temperature.
function drawn(logits, temperature) {
  const largest = Math.max(...logits), shares = Array.from(logits, (x) => Math.exp((x - largest) / temperature));
  let left = Math.random() * shares.reduce((a, b) => a + b, 0);
  return Math.max(0, shares.findIndex((share) => (left -= share) < 0));
}

translated();
