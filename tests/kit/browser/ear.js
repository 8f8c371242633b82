// Keeps what a page's console says of faults, for tests in a browser whose driver does not report it: the page's
// warnings, uncaught errors, and what its policy refused. The list outlives the page, in one tab.
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
