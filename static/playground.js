"use strict";

// Redraws in place at each change. Without script the form's button does it.
const form = document.getElementById("knobs");
let latest = 0;

async function redraw() {
  const turn = ++latest;
  const address = form.action + "?" + new URLSearchParams(new FormData(form));
  const reply = await fetch(address).catch(() => null);
  if (!reply?.ok && reply?.status !== 422) {
    form.submit(); // The next page says why nothing could be drawn.
    return;
  }
  const drawn = new DOMParser().parseFromString(await reply.text(), "text/html");
  if (turn !== latest) return;
  history.replaceState(null, "", address);
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = drawn.getElementById(part.id);
    if (part.rows) part.rows = fresh.rows;
    part.replaceChildren(...fresh.childNodes);
  }
  const controls = drawn.getElementById("knobs").elements;
  [...form.elements].forEach((control, i) => control.ariaInvalid = controls[i].ariaInvalid);
}

form.addEventListener("change", redraw);

// Work in this browser. The script is loaded at a click.
const toil = document.getElementById("work");
const toilSaid = toil.querySelector("[role=status]");
const toilButton = Object.assign(document.createElement("button"), { type: "button", textContent: "Do the work in this browser" });
toilButton.addEventListener("click", async () => {
  try {
    (await import(toil.dataset.script)).work(toilSaid);
  } catch {
    toilSaid.textContent = "Sorry, the script that does the work could not be loaded. Try again in a few seconds.";
  }
});
toilSaid.before(toilButton);
