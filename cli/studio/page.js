"use strict";

// ---- what is shown, and its history -------------------------------------------------------------------

const byId = (id) => document.getElementById(id);
const token = location.search.slice(1);
const lane = crypto.randomUUID();
const EMPTY = { picture: 0, steps: [], output: "image", band: 0, zoom: 0, x: 0.5, y: 0.5 };
const ZOOMS = [-64, -48, -32, -24, -16, -12, -8, -6, -4, -3, -2, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32];
const LONG = 250; // milliseconds after which a newer request does not wait for an older one
const forms = new Map();
let state = structuredClone(EMPTY);
let gesture = false; // a slider is being moved, which is one step of the history

function remember(push) {
  const place = location.search + "#" + encodeURIComponent(JSON.stringify(state));
  if (push) history.pushState(null, "", place);
  else history.replaceState(null, "", place);
}

/** Take note of a change: those of one gesture, and those of the view, are one step back. */
function changed({ view = false, live = false } = {}) {
  remember(!view && !gesture);
  gesture = live;
  refresh();
}

function recalled() {
  try {
    return { ...structuredClone(EMPTY), ...JSON.parse(decodeURIComponent(location.hash.slice(1))) };
  } catch {
    return null;
  }
}

// ---- asking -------------------------------------------------------------------------------------------

class Refusal extends Error {
  constructor(told) {
    super(told.message);
    this.told = told;
  }
}

async function ask(route, body, signal) {
  const answer = await fetch(route, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Imfilter-Token": token },
    body: JSON.stringify(body),
    signal,
  });
  if (answer.headers.get("Content-Type") === "image/png") return answer;
  const told = await answer.json();
  if (told.message) throw new Refusal(told);
  return told;
}

async function formOf(filter) {
  if (!forms.has(filter)) forms.set(filter, await ask("/form", { filter }));
  return forms.get(filter);
}

/** What the server is told of the steps: those that are on, with the options that their operator has. */
function spoken() {
  return state.steps
    .filter((step) => step.on)
    .map((step) => {
      const form = forms.get(step.filter);
      const apt = Object.entries(step.options).filter(([name]) => {
        const parameter = form.parameters.find((own) => own.name === name);
        return parameter && isApt(parameter, step, form);
      });
      return { filter: step.filter, options: Object.fromEntries(apt) };
    });
}

// ---- the picture --------------------------------------------------------------------------------------

const pane = byId("window");
const layers = { after: byId("after"), before: byId("before") };
let running = null;
let stale = false;
let begun = 0;
let cancel = new AbortController();
let held = false; // the key that shows the picture as it was

/** Device pixels of the window for one of the picture. */
const scaleOf = (part) => (state.zoom > 0 ? state.zoom : 1 / part.reduce);

function refresh() {
  stale = true;
  if (!running) running = work().finally(() => (running = null));
  else if (performance.now() - begun > LONG) cancel.abort();
  else setTimeout(() => stale && performance.now() - begun > LONG && cancel.abort(), LONG);
}

async function work() {
  while (stale) {
    stale = false;
    begun = performance.now();
    cancel = new AbortController();
    const slow = setTimeout(() => busy(true), 150);
    try {
      await look("after", { steps: spoken(), output: state.output, band: state.band });
      if (comparing()) await look("before", { steps: [], band: state.band });
      say(null);
    } catch (error) {
      if (error.name !== "AbortError" && !error.told?.overtaken) say(error);
    } finally {
      clearTimeout(slow);
      busy(false);
    }
  }
}

const comparing = () => held || Number(byId("split").value) > 0;

async function look(which, what) {
  const ratio = devicePixelRatio;
  const enlarged = Math.max(state.zoom, 1);
  const view = {
    width: Math.max(1, Math.ceil((pane.clientWidth * ratio) / enlarged)),
    height: Math.max(1, Math.ceil((pane.clientHeight * ratio) / enlarged)),
    reduce: state.zoom > 0 ? 1 : -state.zoom,
    x: state.x,
    y: state.y,
  };
  const request = { lane: lane + which, picture: state.picture, view, ...what };
  const answer = await ask("/preview", request, cancel.signal);
  const told = JSON.parse(answer.headers.get("Imfilter-Told"));
  const bitmap = await createImageBitmap(await answer.blob());
  const canvas = layers[which];
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  canvas.told = told;
  canvas.hidden = false;
  if (which === "after") describe(told);
  place();
}

/** Put the layers where the view wants them, which may be ahead of what is drawn. */
function place() {
  const split = held ? 100 : Number(byId("split").value);
  const edge = (pane.clientWidth * split) / 100;
  for (const [which, canvas] of Object.entries(layers)) {
    const told = canvas.told;
    if (!told) continue;
    const scale = scaleOf(layers.after.told.part) / devicePixelRatio;
    const begin = (size, room, middle) => {
      const length = size * scale;
      return length <= room ? (room - length) / 2 : Math.min(0, Math.max(room - length, room / 2 - middle * length));
    };
    const left = begin(told.width, pane.clientWidth, state.x) + told.part.left * scale;
    const top = begin(told.height, pane.clientHeight, state.y) + told.part.top * scale;
    canvas.style.width = `${told.part.width * scale}px`;
    canvas.style.height = `${told.part.height * scale}px`;
    canvas.style.left = `${left}px`;
    canvas.style.top = `${top}px`;
    canvas.style.clipPath = which === "before" ? `inset(0 max(0px, calc(100% - ${edge - left}px)) 0 0)` : "";
  }
  layers.before.hidden = !comparing() || !layers.before.told;
  byId("line").hidden = split === 0 || split === 100;
  byId("line").style.left = `${edge}px`;
  for (const badge of pane.querySelectorAll(".badge")) badge.hidden = layers.before.hidden;
}

function describe(told) {
  const { part } = told;
  const size = state.zoom > 1 ? `${state.zoom} : 1` : `1 : ${part.reduce}`;
  const whole = part.width === told.width && part.height === told.height;
  const where = whole ? "whole picture" : `${part.width}×${part.height} at ${part.left},${part.top}`;
  const time = told.seconds ? `${told.seconds < 1 ? told.seconds.toFixed(2) : told.seconds.toFixed(1)} s` : "";
  byId("status").textContent = [`${told.width}×${told.height}`, size, where, time, told.said]
    .filter(Boolean)
    .join(" · ");
  byId("notes").replaceChildren(...told.notes.map((note) => make("li", {}, note)));
  byId("command").textContent = told.command;
  byId("copy").disabled = byId("save").disabled = !told.command;
  choose("output", told.outputs, told.outputs, state.output);
  choose("band", told.bands.keys(), told.bands, state.band);
  pane.setAttribute("aria-label", `Picture in view, ${size}, ${where}`);
}

function choose(id, values, names, chosen) {
  const options = [...values].map((value, at) => make("option", { value }, names[at]));
  byId(`of-${id}`).hidden = options.length < 2;
  byId(id).replaceChildren(...options);
  byId(id).value = chosen;
}

function busy(on) {
  byId("busy").hidden = !on;
  byId("busy").textContent = state.zoom === 0 ? "Computing the whole picture …" : "Computing …";
  pane.setAttribute("aria-busy", on);
}

/** Say what is wrong below the control that it is about, or below the picture. */
function say(error) {
  for (const place of document.querySelectorAll(".error")) place.textContent = "";
  byId("wrong").textContent = "";
  if (!error) return;
  const told = error.told || {};
  const at = state.steps.flatMap((step, number) => (step.on ? [number] : []))[told.step ?? -1];
  const field = document.querySelector(`#step-${at} [data-name="${told.parameter}"]`);
  const text = error.told ? error.message : "The server has ended; start imfilter studio again.";
  (field && !field.hidden ? field.querySelector(".error") : byId("wrong")).textContent = text;
  byId("copy").disabled = byId("save").disabled = true;
  byId("command").textContent = "";
}

function zoom(to, event) {
  const told = layers.after.told;
  if (told && event && to !== 0) {
    const box = pane.getBoundingClientRect();
    const before = scaleOf(told.part);
    const after = to > 0 ? to : -1 / to;
    const moved = (1 / before - 1 / after) * devicePixelRatio;
    state.x += ((event.clientX - box.left - box.width / 2) * moved) / told.width;
    state.y += ((event.clientY - box.top - box.height / 2) * moved) / told.height;
  }
  state.zoom = to;
  move(0, 0);
}

function zoomBy(step, event) {
  const told = layers.after.told;
  const now = state.zoom || (told && told.part.reduce > 1 ? -told.part.reduce : 1);
  const at = ZOOMS.findLastIndex((level) => level <= now);
  zoom(ZOOMS[Math.min(Math.max(at + step, 0), ZOOMS.length - 1)], event);
}

/** Move the view by so many pixels of the page, within the picture. */
function move(across, down) {
  const told = layers.after.told;
  if (!told) return;
  const scale = (state.zoom > 0 ? state.zoom : 1 / (-state.zoom || told.part.reduce)) / devicePixelRatio;
  const within = (middle, size, room) => {
    const half = room / 2 / (size * scale);
    return half >= 0.5 ? 0.5 : Math.min(Math.max(middle, half), 1 - half);
  };
  state.x = within(state.x - across / (told.width * scale), told.width, pane.clientWidth);
  state.y = within(state.y - down / (told.height * scale), told.height, pane.clientHeight);
  place();
  changed({ view: true });
}

// ---- the steps ----------------------------------------------------------------------------------------

function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (typeof value === "boolean") element.toggleAttribute(key, value);
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

const operator = (step, form) => step.options.op ?? form.parameters.find((own) => own.name === "op")?.default;

function isApt(parameter, step, form) {
  return !parameter.only.length || parameter.chooses || parameter.only.includes(operator(step, form));
}

async function build() {
  await Promise.all(state.steps.map((step) => formOf(step.filter)));
  byId("steps").replaceChildren(...state.steps.map(card));
}

function card(step, at) {
  const form = forms.get(step.filter);
  const named = `step ${at + 1}, ${step.filter}`;
  const body = make("div", { id: `body-${at}` }, make("p", { class: "help" }, form.summary));
  const more = make("details", {}, make("summary", {}, form.parameters.find((own) => own.more)?.more ?? ""));
  more.open = Boolean(step.more);
  more.addEventListener("toggle", () => (step.more = more.open));
  const fields = form.parameters.map((parameter) => field(parameter, step, form, at));
  fields.forEach((own, number) => (form.parameters[number].more ? more : body).append(own));
  const settle = () => {
    form.parameters.forEach((parameter, number) => (fields[number].hidden = !isApt(parameter, step, form)));
  };
  settle();
  body.addEventListener("settle", settle);
  body.append(more);
  body.hidden = !step.on || Boolean(step.folded);
  const fold = make(
    "button",
    {
      type: "button",
      class: "plain",
      "aria-expanded": String(!body.hidden),
      "aria-controls": body.id,
      onclick: () => {
        step.folded = !body.hidden;
        body.hidden = step.folded;
        fold.setAttribute("aria-expanded", String(!body.hidden));
        remember(false);
      },
    },
    step.filter,
  );
  const on = make("input", {
    type: "checkbox",
    "aria-label": `Use ${named}`,
    onchange: () => {
      step.on = on.checked;
      item.classList.toggle("off", !step.on);
      body.hidden = !step.on || Boolean(step.folded);
      changed();
    },
  });
  on.checked = step.on;
  const act = (text, label, action, off = false) =>
    make("button", { type: "button", class: "plain", "aria-label": `${label} ${named}`, disabled: off, onclick: action }, text);
  const item = make(
    "li",
    { class: step.on ? "step" : "step off", id: `step-${at}` },
    make(
      "div",
      { class: "head" },
      on,
      make("h2", {}, fold),
      act("↑", "Move up", () => arrange(at, at - 1), at === 0),
      act("↓", "Move down", () => arrange(at, at + 1), at === state.steps.length - 1),
      act("✕", "Remove", () => arrange(at, null)),
    ),
    body,
  );
  return item;
}

async function arrange(from, to) {
  const [step] = state.steps.splice(from, 1);
  if (to !== null) state.steps.splice(to, 0, step);
  await build();
  const next = to === null ? byId("add").querySelector("summary") : byId(`step-${to}`).querySelector("input");
  next.focus();
  changed();
}

async function add(filter) {
  await formOf(filter);
  for (const step of state.steps) step.folded = true;
  state.steps.push({ filter, on: true, options: {} });
  state.output = "image";
  await build();
  byId(`step-${state.steps.length - 1}`).querySelector("h2 button").focus();
  changed();
}

// ---- controls -----------------------------------------------------------------------------------------

/** A control for one parameter, some of it beside its label and some below: it reads the step's option, and writes it. */
function field(parameter, step, form, at) {
  const id = `${at}-${parameter.name}`;
  const usual = () => parameter.defaults[operator(step, form)] ?? parameter.default;
  const get = () => step.options[parameter.name] ?? "";
  const set = (value, event) => {
    if (value === "" || value === false || value === usual()) delete step.options[parameter.name];
    else step.options[parameter.name] = value;
    byId(`body-${at}`).dispatchEvent(new Event("settle"));
    changed({ live: event.type === "input" });
  };
  const described = { id, "aria-describedby": `${id}-help ${id}-error` };
  const row = make("div", { class: "row" });
  const kinds = { flag: flagControl, choice: choiceControl };
  const control = kinds[parameter.kind] ?? (parameter.span ? numberControl : textControl);
  const [beside, below] = control({ parameter, described, get, set, usual });
  row.append(make("label", { for: id }, parameter.label), ...beside);
  if (parameter.unit) row.append(make("span", { class: "unit" }, parameter.unit));
  const usually = parameter.shown && !parameter.required ? ` [default: ${parameter.shown}]` : "";
  return make(
    "div",
    { class: "field", "data-name": parameter.name },
    row,
    ...below,
    make("p", { class: "help", id: `${id}-help` }, parameter.help + usually),
    make("p", { class: "error", id: `${id}-error` }),
  );
}

function flagControl({ described, get, set }) {
  const box = make("input", { type: "checkbox", ...described, onchange: (event) => set(box.checked, event) });
  box.checked = get() === true;
  return [[box], []];
}

function choiceControl({ parameter, described, get, set, usual }) {
  const select = make("select", { ...described, onchange: (event) => set(select.value, event) });
  if (!usual()) select.append(make("option", { value: "" }, parameter.shown ? `(${parameter.shown})` : "(none)"));
  select.append(...parameter.choices.map((choice) => make("option", { value: choice }, choice)));
  select.value = get() || usual();
  return [[select], []];
}

function textControl({ parameter, described, get, set, usual }) {
  const list = `${described.id}-words`;
  const words = parameter.words.map((word) => make("option", { value: word }));
  const text = textField({ parameter, described, get, set, usual });
  if (words.length) text.setAttribute("list", list);
  const below = words.length ? [make("datalist", { id: list }, ...words)] : [];
  if (parameter.grid) below.push(kernelGrid(text, set));
  return [[text], below];
}

function textField({ parameter, described, get, set, usual }) {
  const text = make("input", {
    type: "text",
    ...described,
    autocomplete: "off",
    spellcheck: "false",
    placeholder: usual() || parameter.shown || parameter.metavar,
    oninput: (event) => set(text.value.trim(), event),
    onchange: (event) => set(text.value.trim(), event),
  });
  text.value = get();
  return text;
}

/** The taps of a kernel, each of which can be changed; whatever changes the kernel's text changes them. */
function kernelGrid(text, set) {
  const table = make("table", { class: "kernel", hidden: true });
  let divisor = "1";
  const cellsOf = (row) => [...row.querySelectorAll("input")].map((cell) => cell.value.trim() || "0").join(" ");
  const write = (event) => {
    const rows = [...table.rows].map(cellsOf).join("; ");
    text.value = divisor === "1" ? rows : `${rows} / ${divisor}`;
    set(text.value, event);
  };
  const read = async () => {
    const found = text.value ? await ask("/kernel", { kernel: text.value.trim() }) : {};
    if (table.contains(document.activeElement)) return;
    divisor = found.divisor;
    table.hidden = !found.rows;
    const cell = (row, column) =>
      make("td", {}, make("input", {
        type: "text",
        inputmode: "decimal",
        "aria-label": `kernel, row ${row + 1}, column ${column + 1}`,
        oninput: write,
        onchange: write,
      }));
    table.replaceChildren(
      ...(found.rows ?? []).map((row, at) => make("tr", {}, ...row.map((value, column) => cell(at, column)))),
    );
    [...table.querySelectorAll("input")].forEach((input, at) => (input.value = found.rows.flat()[at]));
  };
  text.addEventListener("input", () => read().catch(say));
  read().catch(say);
  return table;
}

/** A slider for a useful span beside a field for any value; of a pair two, once it has two values. */
function numberControl({ parameter, described, get, set, usual }) {
  const [low, high, step] = parameter.span;
  const pair = parameter.kind.endsWith("pair");
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const plain = (number) => String(Number(number.toFixed(digits)));
  const text = textField({
    parameter,
    described,
    get,
    usual,
    set: (value, event) => {
      set(value, event);
      show();
    },
  });
  const slide = (event) => {
    const values = sliders.filter((slider) => !slider.hidden).map((slider) => plain(Number(slider.value)));
    text.value = values.join(",");
    set(text.value, event);
    sliders.forEach((slider) => slider.classList.remove("unset"));
  };
  const sliders = (pair ? ["across", "down"] : [""]).map((axis) =>
    make("input", {
      type: "range",
      min: low,
      max: high,
      step,
      "aria-label": `${parameter.label} ${axis}`.trim(),
      oninput: slide,
      onchange: slide,
    }),
  );
  const show = () => {
    const parts = (text.value || usual()).split(",").map((part) => (part.trim().endsWith("%") ? parseFloat(part) / 100 : Number(part)));
    sliders.forEach((slider, at) => (slider.value = (parts[at] ?? parts[0]) || 0));
    sliders.forEach((slider) => slider.classList.toggle("unset", !text.value));
    if (pair) sliders[1].hidden = parts.length < 2;
    if (pair) both.setAttribute("aria-pressed", String(parts.length > 1));
  };
  const both = make(
    "button",
    {
      type: "button",
      class: "plain",
      "aria-label": `${parameter.label}: two values`,
      onclick: (event) => {
        const one = plain(Number(sliders[0].value));
        text.value = sliders[1].hidden ? `${one},${one}` : one;
        set(text.value, event);
        show();
      },
    },
    "x,y",
  );
  show();
  return [pair ? [text, both] : [text], sliders];
}

// ---- beginning ----------------------------------------------------------------------------------------

function download(name, text) {
  const link = make("a", { download: name, href: URL.createObjectURL(new Blob([text], { type: "application/toml" })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function listen() {
  byId("undo").onclick = () => history.back();
  byId("redo").onclick = () => history.forward();
  byId("smaller").onclick = () => zoomBy(-1);
  byId("larger").onclick = () => zoomBy(1);
  byId("fit").onclick = () => zoom(0);
  byId("full").onclick = () => zoom(1);
  byId("picture").onchange = (event) => {
    Object.assign(state, { picture: Number(event.target.value), zoom: 0, x: 0.5, y: 0.5, band: 0 });
    changed();
  };
  byId("output").onchange = (event) => {
    state.output = event.target.value;
    changed();
  };
  byId("band").onchange = (event) => {
    state.band = Number(event.target.value);
    changed();
  };
  byId("split").oninput = () => {
    place();
    if (comparing()) refresh();
  };
  byId("copy").onclick = async (event) => {
    await navigator.clipboard.writeText(byId("command").textContent);
    event.target.textContent = "Copied";
    setTimeout(() => (event.target.textContent = "Copy command"), 1500);
  };
  byId("save").onclick = async () => {
    try {
      const { text } = await ask("/recipe", { steps: spoken() });
      download("recipe.toml", text);
    } catch (error) {
      say(error);
    }
  };
  pane.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomBy(event.deltaY < 0 ? 1 : -1, event);
  }, { passive: false });
  byId("line").onpointerdown = (event) => {
    event.stopPropagation();
    byId("line").setPointerCapture(event.pointerId);
  };
  byId("line").onpointermove = (event) => {
    if (!byId("line").hasPointerCapture(event.pointerId)) return;
    const box = pane.getBoundingClientRect();
    byId("split").value = Math.min(Math.max(((event.clientX - box.left) / box.width) * 100, 1), 99);
    place();
  };
  pane.onpointerdown = (event) => {
    pane.setPointerCapture(event.pointerId);
    pane.classList.add("held");
  };
  pane.onpointermove = (event) => pane.classList.contains("held") && move(event.movementX, event.movementY);
  pane.onpointerup = pane.onpointercancel = () => pane.classList.remove("held");
  pane.onkeydown = (event) => {
    const keys = {
      ArrowLeft: () => move(60, 0),
      ArrowRight: () => move(-60, 0),
      ArrowUp: () => move(0, 60),
      ArrowDown: () => move(0, -60),
      "+": () => zoomBy(1),
      "-": () => zoomBy(-1),
      0: () => zoom(0),
      1: () => zoom(1),
      b: () => ((held = true), refresh()),
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key] || event.repeat && event.key === "b") return;
    event.preventDefault();
    keys[event.key]();
  };
  pane.onkeyup = (event) => {
    if (event.key !== "b") return;
    held = false;
    place();
  };
  new ResizeObserver(() => refresh()).observe(pane);
  addEventListener("popstate", restore);
  setInterval(() => ask("/alive", {}).catch(say), 60000);
}

async function restore() {
  gesture = false;
  state = recalled() ?? structuredClone(EMPTY);
  byId("picture").value = state.picture;
  await build();
  refresh();
}

async function begin() {
  const { filters, pictures, steps } = await ask("/start", {});
  byId("picture").replaceChildren(...pictures.map((name, value) => make("option", { value }, name)));
  byId("choose").hidden = pictures.length < 2;
  document.title = `${pictures[0]} – imfilter studio`;
  byId("filters").replaceChildren(
    ...filters.map(({ name, summary }) =>
      make("li", {}, make("button", { type: "button", title: summary, onclick: () => add(name) }, name)),
    ),
  );
  state = recalled() ?? { ...structuredClone(EMPTY), steps: steps.map((step) => ({ ...step, on: true })) };
  byId("picture").value = state.picture;
  await build();
  remember(false);
  listen();
  refresh();
}

begin().catch(say);
