// The pages work without this file. It copies snippets, and narrows long lists of codes as one types.
"use strict";

function offerCopying(button) {
  const text = document.getElementById(button.dataset.copies);
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text.textContent);
    const before = button.textContent;
    button.textContent = button.dataset.done;
    setTimeout(() => { button.textContent = before; }, 1500);
  });
}

function offerFinding(input) {
  const labels = [...document.getElementById(input.dataset.narrows).querySelectorAll("label")];
  input.hidden = false;
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    for (const label of labels) {
      label.hidden = wanted !== "" && !label.textContent.toLowerCase().includes(wanted);
    }
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}

if (navigator.clipboard) document.querySelectorAll("button[data-copies]").forEach(offerCopying);
document.querySelectorAll("input[data-narrows]").forEach(offerFinding);
