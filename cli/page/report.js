
"use strict";
document.documentElement.classList.add("scripted");
for (const tool of document.querySelectorAll("[data-scripted]")) tool.hidden = false;

const MOST = 40;

// All pictures of a group show the same part: `zoom` pixels of the page for one of theirs, whose corner is at `left`, `top`.
for (const group of document.querySelectorAll(".linked")) {
  const width = Number(group.dataset.width), height = Number(group.dataset.height);
  const views = [...group.querySelectorAll(".view")], first = views[0];
  const small = Math.max(1, Math.floor(240 / Math.max(width, height)));
  const share = Math.min(1, (0.75 * screen.availHeight) / (height * small));
  let zoom = 1, left = 0, top = 0, fitted = true;

  const set = (name, value) => group.style.setProperty(name, value);
  set("--width", `${width}px`);
  set("--height", `${height}px`);
  set("--ratio", `${width} / ${height}`);
  set("--shown", `${Math.max(120, width * small * share)}px`);

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
    // The wheel scrolls the page until a picture was clicked.
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
  fit();
}

for (const slider of document.querySelectorAll(".cut")) {
  const cut = () => slider.closest("article").style.setProperty("--cut", `${slider.value}%`);
  slider.addEventListener("input", cut);
  cut();
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
