
"use strict";
document.documentElement.classList.add("scripted");
for (const tool of document.querySelectorAll("[data-scripted]")) tool.hidden = false;

const MOST = 40;

// All pictures of a group show the same part, at `zoom` page pixels per pixel, with its corner at `left`, `top`.
for (const group of document.querySelectorAll(".linked")) {
  const views = [...group.querySelectorAll(".view")], first = views[0];
  let width, height, zoom = 1, left = 0, top = 0, fitted = true;

  const set = (name, value) => group.style.setProperty(name, value);
  const measure = () => {
    [width, height] = [Number(group.dataset.width), Number(group.dataset.height)];
    const small = Math.max(1, Math.floor(240 / Math.max(width, height)));
    const share = Math.min(1, (0.75 * screen.availHeight) / (height * small));
    set("--width", `${width}px`);
    set("--height", `${height}px`);
    set("--ratio", `${width} / ${height}`);
    set("--shown", `${Math.max(120, width * small * share)}px`);
  };

  const show = () => {
    set("--zoom", zoom);
    set("--left", `${left}px`);
    set("--top", `${top}px`);
    group.classList.toggle("squares", zoom * devicePixelRatio >= 2);
    group.classList.toggle("zoomed", !fitted);
  };
  const fit = () => {
    zoom = Math.min(first.clientWidth / width, first.clientHeight / height);
    left = (first.clientWidth - width * zoom) / 2;
    top = (first.clientHeight - height * zoom) / 2;
    fitted = true;
    show();
  };
  const zoomTo = (wanted, x = first.clientWidth / 2, y = first.clientHeight / 2) => {
    const now = Math.min(MOST, Math.max(0.02, wanted));
    left = x - ((x - left) * now) / zoom;
    top = y - ((y - top) * now) / zoom;
    zoom = now;
    fitted = false;
    show();
  };
  const pan = (x, y) => {
    left += x;
    top += y;
    fitted = false;
    show();
  };
  const actions = {
    0: fit,
    1: () => zoomTo(1 / devicePixelRatio),
    "+": () => zoomTo(zoom * 1.5),
    "=": () => zoomTo(zoom * 1.5),
    "-": () => zoomTo(zoom / 1.5),
    ArrowLeft: () => pan(40, 0),
    ArrowRight: () => pan(-40, 0),
    ArrowUp: () => pan(0, 40),
    ArrowDown: () => pan(0, -40),
  };

  for (const view of views) {
    view.tabIndex = 0;
    view.addEventListener("keydown", (event) => {
      const action = actions[event.key];
      if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      action();
    });
    // The wheel scrolls the page until a picture is clicked.
    view.addEventListener("wheel", (event) => {
      if (document.activeElement !== view && !event.ctrlKey) return;
      event.preventDefault();
      const frame = view.getBoundingClientRect();
      const lines = event.deltaMode === 1 ? 16 : 1;
      zoomTo(zoom * Math.exp(-0.002 * lines * event.deltaY), event.clientX - frame.left, event.clientY - frame.top);
    }, { passive: false });
    view.addEventListener("pointerdown", (event) => {
      if (event.button === 0 && (event.pointerType === "mouse" || !fitted)) view.setPointerCapture(event.pointerId);
    });
    view.addEventListener("pointermove", (event) => {
      if (view.hasPointerCapture(event.pointerId)) pan(event.movementX, event.movementY);
    });
    view.addEventListener("dragstart", (event) => event.preventDefault());
  }
  for (const button of group.querySelectorAll("[data-does]")) {
    button.addEventListener("click", () => actions[button.dataset.does]());
  }
  new ResizeObserver(() => fitted && fit()).observe(first);
  const begin = () => {
    measure();
    fit();
  };
  group.addEventListener("sized", begin);
  begin();
}

for (const slider of document.querySelectorAll(".cut")) {
  const cut = () => slider.closest("article").style.setProperty("--cut", `${slider.value}%`);
  slider.addEventListener("input", cut);
  cut();
}

// The two cells chosen last are compared. Their view keeps its place and zoom while others are chosen.
for (const choice of document.querySelectorAll(".choice")) {
  const cells = [...choice.querySelectorAll(".cell")], group = choice.querySelector(".linked");
  const view = group.querySelector(".view"), said = choice.querySelector("[role=status]");
  let chosen = cells.filter((cell) => "chosen" in cell.dataset);

  const picture = (cell) => cell.querySelector("img");
  const name = (cell) => picture(cell).alt;
  const size = (cell) => ["width", "height"].map((side) => picture(cell).getAttribute(side));
  const ratio = (cell) => size(cell)[0] / size(cell)[1];
  const show = () => {
    for (const cell of cells) {
      const place = chosen.indexOf(cell);
      cell.dataset.side = ["", "left", "right"][place + 1];
      cell.querySelector("button").ariaPressed = String(place >= 0);
    }
    group.hidden = !chosen.length;
    said.textContent = ["Choose two pictures.", `${chosen.map(name)}: choose one more.`, ""][chosen.length];
    if (!chosen.length) return;
    const pair = [chosen[0], chosen.at(-1)];
    view.querySelectorAll("figure").forEach((figure, side) => {
      const caption = figure.querySelector("figcaption");
      caption.textContent = name(pair[side]);
      figure.replaceChildren(picture(pair[side]).cloneNode(), caption);
    });
    view.ariaLabel = `${pair.map(name).join(" and ")}; + and - zoom, arrow keys move, 0 shows the whole`;
    if (pair[0] !== pair[1]) {
      const apart = Math.abs(ratio(pair[0]) / ratio(pair[1]) - 1) > 0.02;
      said.textContent = `Left: ${name(pair[0])}. Right: ${name(pair[1])}.`;
      if (apart) said.textContent += " They have different shapes; each is shown whole.";
    }
    const [width, height] = size(pair[0]);
    if (group.dataset.width === width && group.dataset.height === height) return;
    Object.assign(group.dataset, { width, height });
    group.dispatchEvent(new Event("sized"));
  };
  for (const cell of cells) {
    cell.querySelector("button").addEventListener("click", () => {
      chosen = chosen.includes(cell) ? chosen.filter((one) => one !== cell) : [...chosen, cell].slice(-2);
      show();
    });
  }
  show();
}

for (const button of document.querySelectorAll(".command button")) {
  const command = button.parentElement.querySelector("pre");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(command.textContent);
    } catch {
      getSelection().selectAllChildren(command);
      if (!document.execCommand("copy")) return;
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}
