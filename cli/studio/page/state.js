// The state of the page, and its history.

const byId = (id) => document.getElementById(id);
const token = location.search.slice(1);
const lane = crypto.randomUUID();
const EMPTY = { picture: 0, steps: [], output: "image", band: 0, zoom: 0, x: 0.5, y: 0.5 };
const ZOOMS = [-64, -48, -32, -24, -16, -12, -8, -6, -4, -3, -2, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32];
const LONG = 700; // milliseconds after which a newer request does not wait for an older one
const known = new Set(); // names of filters
const forms = new Map();
let state = structuredClone(EMPTY);
let waiting = null; // the address to be written
let gesture = false; // a slider is being moved: one step of the history

/** Write the state into the address: as a new entry of the history, or, after a delay, in place of the current one. */
function remember(push) {
  const place = location.search + "#" + encodeURIComponent(JSON.stringify(state));
  if (push) {
    settle();
    history.pushState(null, "", place);
    return;
  }
  clearTimeout(waiting?.timer); // browsers allow few changes a second
  waiting = { place, timer: setTimeout(settle, 200) };
}

function settle() {
  if (waiting) history.replaceState(null, "", waiting.place);
  clearTimeout(waiting?.timer);
  waiting = null;
}

/** Record a change: the changes of one gesture, and those of the view, are undone in one step. */
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
