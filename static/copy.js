"use strict";

// Adds a button that copies, if the browser allows it. If not, visitors can select the text, which has its own field.
if (navigator.clipboard) {
  for (const text of document.querySelectorAll("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet copy";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy: " + text.labels[0].textContent);
    const said = document.createElement("span");
    said.setAttribute("role", "status");
    said.className = "hint";
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text.value);
        said.textContent = "Copied.";
      } catch {
        text.select();
        said.textContent = "Your browser did not allow the copy. The text is selected, so you can copy it yourself.";
      }
    });
    const row = document.createElement("div");
    row.className = "copy-row";
    row.append(button, said);
    text.after(row);
  }
}
