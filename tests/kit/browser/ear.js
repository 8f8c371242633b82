// What a page's console would say of faults, kept for the tests where a browser's driver does not tell: a page's own
// warnings, errors that nobody caught, and what its policy refused. It outlives the page, for one tab.
(() => {
  const hear = (text) => {
    const lines = JSON.parse(sessionStorage.getItem("heard") ?? "[]");
    sessionStorage.setItem("heard", JSON.stringify([...lines, text]));
  };
  for (const level of ["warn", "error", "assert"]) {
    const said = console[level];
    console[level] = (...args) => {
      if (level !== "assert" || !args[0]) hear(`console.${level}: ${args.join(" ")}`);
      said.apply(console, args);
    };
  }
  addEventListener("error", (e) => hear(e.message ? `${e.message} ${e.filename}` : `can't load ${e.target.src ?? e.target.href}`), true);
  addEventListener("unhandledrejection", (e) => hear(`not caught: ${e.reason}`));
  document.addEventListener("securitypolicyviolation", (e) =>
    hear(`Content Security Policy: ${e.violatedDirective} refused ${e.blockedURI}`));
})();
