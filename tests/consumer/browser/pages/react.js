// A contact form in React, which asks for its challenge and sends its fields by the functions of the recipe.
import { challenge, send } from "/recipe/fetch.js";

// The packages are for bundlers. This is as much of one as they need.
const paths = {
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

const { createElement: element, useEffect, useState } = loaded.react;

function Contact() {
  const [shown, setShown] = useState();
  const [wrong, setWrong] = useState({});
  const [sent, setSent] = useState(false);
  const renew = () => challenge().then(setShown);
  useEffect(() => void renew(), []);

  async function submit(event) {
    event.preventDefault();
    const form = event.target;
    const refused = await send({ ...Object.fromEntries(new FormData(form)), captcha_key: shown.captcha_key });
    if (!refused) return setSent(true);
    setWrong(refused);
    form.captcha_value.value = "";
    await renew();
  }

  if (sent) return element("h1", { id: "done" }, "Thank you.");
  if (!shown) return null;
  return element("form", { onSubmit: submit, "data-key": shown.captcha_key },
    element("img", { src: shown.src, alt: "Characters to copy" }),
    element("input", { name: "captcha_value", "aria-label": "The characters" }),
    element("p", { role: "alert" }, Object.values(wrong).flat().join(" ")),
    element("button", { name: "send" }, "Send"));
}

loaded["react-dom/client"].createRoot(document.querySelector("main")).render(element(Contact));
