// The controls of a step.

/** A control for one parameter, partly next to its label and partly below: it reads and writes the step's option. */
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

/** The taps of a kernel as fields, and its frequency response; both follow the text of the kernel. */
function kernelGrid(text, set) {
  const table = make("table", { class: "kernel" });
  const canvas = make("canvas", { class: "response", role: "img" });
  const words = make("figcaption", { class: "help" });
  const figure = make("figure", { class: "kernels", hidden: true }, table, canvas, words);
  let divisor = "1";
  const cellsOf = (row) => [...row.querySelectorAll("input")].map((cell) => cell.value.trim() || "0").join(" ");
  const write = (event) => {
    const rows = [...table.rows].map(cellsOf).join("; ");
    text.value = divisor === "1" ? rows : `${rows} / ${divisor}`;
    set(text.value, event);
    read().catch(say);
  };
  const cell = (value, row, column) => {
    const label = `kernel, row ${row + 1}, column ${column + 1}`;
    const attributes = { type: "text", inputmode: "decimal", "aria-label": label, oninput: write, onchange: write };
    const input = make("input", attributes);
    input.value = value;
    return make("td", {}, input);
  };
  const read = async () => {
    const found = text.value ? await ask("/kernel", { kernel: text.value.trim() }) : {};
    figure.hidden = !found.rows;
    if (!found.rows) return;
    drawResponse(canvas, found);
    words.textContent = `Frequency response, from 0 to ${found.most} (white). The centre is 0, the edges ½ cycle per pixel.`;
    if (table.contains(document.activeElement)) return;
    divisor = found.divisor;
    table.replaceChildren(
      ...found.rows.map((row, at) => make("tr", {}, ...row.map((value, column) => cell(value, at, column)))),
    );
  };
  text.addEventListener("input", () => read().catch(say));
  read().catch(say);
  return figure;
}

function drawResponse(canvas, { response, most }) {
  canvas.hidden = !response.length;
  canvas.setAttribute("aria-label", `Frequency response of the kernel, at most ${most}`);
  if (canvas.hidden) return;
  const side = (canvas.width = canvas.height = response.length);
  const image = new ImageData(side, side);
  response.flat().forEach((level, at) => image.data.set([level, level, level, 255], 4 * at));
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** A slider for the useful span and a field for any value; for a pair, two sliders once it has two values. */
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
