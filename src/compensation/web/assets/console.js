// What the console gains from script, and never needs it for: single keys to move about, and a case that is being
// issued shown again once it has moved. No single key approves, rejects or issues anything.
const fields = "input, select, textarea, [contenteditable], dialog";

function move(step) {
  const rows = [...document.querySelectorAll(".queue tbody tr")];
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.hasAttribute("aria-current"));
  const to = Math.min(Math.max(at + step, 0), rows.length - 1);
  rows.forEach((row, n) => (n === to ? row.setAttribute("aria-current", "true") : row.removeAttribute("aria-current")));
  rows[to].querySelector(".go").focus();
}

const keys = {
  j: () => move(1),
  k: () => move(-1),
  "/": () => document.getElementById("q")?.focus(),
  h: () => {
    const past = document.getElementById("past");
    past?.setAttribute("tabindex", "-1");
    past?.focus();
  },
  "?": () => document.getElementById("keys").showModal(),
};

document.addEventListener("keydown", (event) => {
  if (!("keys" in document.body.dataset) || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest(fields)) return;
  const act = keys[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
});

// A form sent twice has one effect anyway; a second press is only spared the wait.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

// A case that is being issued is shown again once it has moved, unless the reader is busy on the page by then.
const wait = document.querySelector("[data-wait]");
const title = document.getElementById("title");

async function again(left) {
  await new Promise((done) => setTimeout(done, 2000));
  const answer = await fetch(location.pathname).catch(() => null);
  const state = answer?.ok && (/ data-wait="(\w+)"/.exec(await answer.text())?.[1] ?? "issued");
  const idle = document.activeElement === document.body || document.activeElement === title;
  if (idle && state && state !== wait.dataset.wait) location.replace(`${location.pathname}?done=${state}`);
  else if (left) again(left - 1);
}
if (wait) again(30);
