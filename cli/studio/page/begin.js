// Event listeners, and the start of the page.

function download(name, text) {
  const link = make("a", { download: name, href: URL.createObjectURL(new Blob([text], { type: "application/toml" })) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function listen() {
  byId("undo").onclick = () => (settle(), history.back());
  byId("redo").onclick = () => (settle(), history.forward());
  byId("smaller").onclick = () => zoomBy(-1);
  byId("larger").onclick = () => zoomBy(1);
  byId("fit").onclick = () => zoom(0);
  byId("full").onclick = () => zoom(1);
  byId("picture").onchange = (event) => {
    Object.assign(state, { picture: Number(event.target.value), zoom: 0, x: 0.5, y: 0.5, band: 0 });
    layers.before.told = null;
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
  let turned = 0;
  pane.addEventListener("wheel", (event) => {
    event.preventDefault();
    turned += event.deltaMode ? 60 * event.deltaY : event.deltaY;
    if (Math.abs(turned) < 50) return; // a touchpad sends many small turns
    zoomBy(turned < 0 ? 1 : -1, event);
    turned = 0;
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
  const release = () => {
    held = false;
    place();
  };
  pane.onkeyup = (event) => event.key === "b" && release();
  pane.onblur = release;
  new ResizeObserver(() => refresh()).observe(pane);
  addEventListener("popstate", () => restore(structuredClone(EMPTY)));
  addEventListener("pagehide", settle);
  setInterval(() => ask("/alive", {}).catch(say), 60000);
}

/** Restore the state from the address, or from *other* if it has none. */
async function restore(other) {
  clearTimeout(waiting?.timer);
  waiting = null;
  gesture = false;
  state = recalled() ?? other;
  try {
    state.steps = state.steps.filter((step) => step.options && known.has(step.filter));
    await build();
  } catch (error) { // the address was not copied whole
    state = structuredClone(EMPTY);
    await build();
    say(error);
  }
  byId("picture").value = state.picture;
  layers.before.told = null;
  ready = true;
  refresh();
}

async function begin() {
  const { filters, pictures, steps } = await ask("/start", {});
  for (const { name } of filters) known.add(name);
  byId("picture").replaceChildren(...pictures.map((name, value) => make("option", { value }, name)));
  byId("choose").hidden = pictures.length < 2;
  document.title = `${pictures[0]} – imfilter studio`;
  byId("filters").replaceChildren(
    ...filters.map(({ name, summary }) =>
      make("li", {}, make("button", { type: "button", title: summary, onclick: () => add(name).catch(say) }, name)),
    ),
  );
  listen();
  await restore({ ...structuredClone(EMPTY), steps: steps.map((step) => ({ ...step, on: true })) });
  remember(false);
}

begin().catch(say);
