// Without this script everything can be read; with it, checks can be chosen and commands copied.
const form = document.querySelector("form.filter");
const rows = [...document.querySelectorAll("table.checks tbody tr")];

function choose() {
  const text = form.elements.text.value.trim().toLowerCase();
  const { value: family } = form.elements.family;
  const { value: verdict } = form.elements.verdict;
  for (const row of rows) {
    row.hidden = (family && row.dataset.family !== family) || (verdict && row.dataset.verdict !== verdict) ||
      !row.textContent.toLowerCase().includes(text);
  }
  form.querySelector("output").textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} shown`;
}

form.hidden = false;
form.addEventListener("input", choose);
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(choose));
choose();

for (const link of document.querySelectorAll("table.families a")) {
  link.addEventListener("click", () => {
    form.elements.text.value = "";
    form.elements.family.value = link.dataset.family;
    form.elements.verdict.value = link.dataset.verdict;
    choose();
  });
}

// A link to a failure that was closed opens it.
addEventListener("hashchange", () => {
  const there = document.getElementById(location.hash.slice(1));
  if (there?.tagName === "DETAILS") there.open = true;
});

// Paper has no button that opens anything. What was closed is closed again afterwards.
let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open])")];
  for (const one of closed) one.open = true;
});
addEventListener("afterprint", () => {
  for (const one of closed) one.open = false;
});

for (const button of document.querySelectorAll("button.copy")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}
