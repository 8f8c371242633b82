// A form in React with the captcha's element in it, which is drawn again with each letter that is typed.
const paths = {
  // The packages are for bundlers. This is as much of one as they need.
  react: "react/cjs/react.production.js",
  "react-dom": "react-dom/cjs/react-dom.production.js",
  "react-dom/client": "react-dom/cjs/react-dom-client.production.js",
  scheduler: "scheduler/cjs/scheduler.production.js",
};
const loaded = {};
for (const name of ["react", "scheduler", "react-dom", "react-dom/client"]) {
  const source = await (await fetch("/modules/" + paths[name])).text();
  const module = { exports: {} };
  new Function("module", "exports", "require", source)(module, module.exports, (wanted) => loaded[wanted]);
  loaded[name] = module.exports;
}

const { createElement: element, useState } = loaded.react;

function Form() {
  const [note, setNote] = useState("");
  const [shown, show] = useState(true);
  return element("main", null,
    element("button", { id: "toggle", onClick: () => show(!shown) }, shown ? "Close" : "Open"),
    shown && element("form", { id: "one", method: "post", action: "/one" },
      element("input", { name: "note", "aria-label": "Note", value: note, onChange: (event) => setNote(event.target.value) }),
      element("p", { id: "length" }, note.length),
      element("captcha-field", { "data-api": "/api/captcha/", lang: "fr" }),
      element("button", { name: "send" }, "Send")));
}

loaded["react-dom/client"].createRoot(document.getElementById("root")).render(element(Form));
