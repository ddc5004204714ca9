// The picture in view.

const pane = byId("window");
const layers = { after: byId("after"), before: byId("before") };
let running = null;
let ready = false; // the forms of the filters are loaded
let stale = false;
let begun = 0;
let cancel = new AbortController();
let held = false; // the key that shows the original picture

/** Device pixels of the window per pixel of the picture. */
const scaleOf = (part) => (state.zoom > 0 ? state.zoom : 1 / part.reduce);

function refresh() {
  if (!ready) return;
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

/** Place the layers as the view asks, even before the picture for it has come. */
function place() {
  const split = held ? 100 : Number(byId("split").value);
  const edge = (pane.clientWidth * split) / 100;
  layers.before.hidden = !comparing() || !layers.before.told;
  for (const [which, canvas] of Object.entries(layers)) {
    const told = canvas.told;
    if (!told) continue;
    const scale = scaleOf(told.part) / devicePixelRatio;
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
    const inside = `max(0px, ${edge - left}px)`;
    const uncovered = which === "before" ? `inset(0 calc(100% - ${inside}) 0 0)` : `inset(0 0 0 ${inside})`;
    canvas.style.clipPath = layers.before.hidden ? "" : uncovered;
  }
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
  command(told.command, "Add a filter to see its command here.");
  choose("output", told.outputs, told.outputs, told.output ?? "image");
  choose("band", told.bands.keys(), told.bands, state.band);
  pane.setAttribute("aria-label", `Picture in view, ${size}, ${where}`);
}

function choose(id, values, names, chosen) {
  const select = byId(id);
  const listed = JSON.stringify(names);
  byId(`of-${id}`).hidden = names.length < 2;
  if (select.dataset.listed !== listed) { // replacing the options would close an open list
    select.replaceChildren(...[...values].map((value, at) => make("option", { value }, names[at])));
    select.dataset.listed = listed;
  }
  select.value = chosen;
}

function busy(on) {
  byId("busy").hidden = !on;
  byId("busy").textContent = state.zoom === 0 ? "Computing the whole picture …" : "Computing …";
  pane.setAttribute("aria-busy", on);
}

/** Show an error below the control that caused it, or below the picture. */
function say(error) {
  for (const place of document.querySelectorAll(".error")) place.textContent = "";
  byId("wrong").textContent = "";
  if (!error) return;
  const told = error.told || {};
  const at = state.steps.flatMap((step, number) => (step.on ? [number] : []))[told.step ?? -1];
  const field = document.querySelector(`#step-${at} [data-name="${told.parameter}"]`);
  const folded = field?.closest("details");
  if (folded) folded.open = true;
  const seen = field && field.offsetParent !== null;
  (seen ? field.querySelector(".error") : byId("wrong")).textContent = error.message;
  command("", "Correct the error to see the command here.");
}

/** Show the command, or what it needs. */
function command(words, needs) {
  byId("command").textContent = words;
  byId("command").dataset.empty = needs;
  byId("copy").disabled = byId("save").disabled = !words;
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

/** Move the view by a distance in pixels of the page, within the picture. */
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
