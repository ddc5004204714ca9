// Requests to the server.

class Refusal extends Error {
  constructor(told) {
    super(told.message);
    this.told = told;
  }
}

async function ask(route, body, signal) {
  const headers = { "Content-Type": "application/json", "Imfilter-Token": token };
  const answer = await fetch(route, { method: "POST", headers, body: JSON.stringify(body), signal }).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new Refusal({ message: "The server has stopped; start imfilter studio again." });
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

/** The steps as the server gets them: those that are on, with the options of their operator. */
function spoken() {
  return state.steps
    .filter((step) => step.on && forms.has(step.filter))
    .map((step) => {
      const form = forms.get(step.filter);
      const apt = Object.entries(step.options).filter(([name]) => {
        const parameter = form.parameters.find((own) => own.name === name);
        return parameter && isApt(parameter, step, form);
      });
      return { filter: step.filter, options: Object.fromEntries(apt) };
    });
}
