// What a page gains from script, and never needs it for: copying a code and printing a card.
for (const button of document.querySelectorAll("[data-copy], [data-print]")) button.hidden = false;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-print]");
  if (!button) return;
  if ("print" in button.dataset) return window.print();
  const said = document.getElementById(button.getAttribute("aria-describedby"));
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    said.textContent = button.dataset.done;
  } catch {
    // The clipboard is closed to pages without https and to some browsers: then the code is marked, ready to copy.
    getSelection().selectAllChildren(document.getElementById(button.dataset.code));
    said.textContent = button.dataset.marked;
  }
});

document.querySelector("[data-focus]")?.focus();
