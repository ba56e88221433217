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

// The address without what was just done: that was said, and a reload would say it again.
const wait = document.querySelector("[data-wait]");
async function again(left) {
  if (!left) return;
  await new Promise((done) => setTimeout(done, 2000));
  const answer = await fetch(location.pathname, { headers: { accept: "text/html" } }).catch(() => null);
  const fresh = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
  if (fresh && !fresh.querySelector("[data-wait]") && fresh.querySelector("#title")) location.replace(location.pathname);
  else again(left - 1);
}
if (wait) again(30);
