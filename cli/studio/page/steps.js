// The steps of the chain.

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
      fold.setAttribute("aria-expanded", String(!body.hidden));
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
