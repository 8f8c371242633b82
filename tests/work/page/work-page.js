// A page that has work done, in the least that it takes: window.begin starts a worker, window.told is what it said.
window.told = [];
window.begin = (challenge, limit, ...first) => {
  window.worker = new Worker("/work.js");
  window.worker.onmessage = ({ data }) => window.told.push(data);
  window.worker.onerror = (event) => window.told.push({ type: "broken", reason: event.message });
  for (const type of first) window.worker.postMessage({ type });
  window.worker.postMessage({ type: "start", challenge, limit });
  return true;
};

// At #alone the page needs nobody to say so: for a browser that is only opened.
if (location.hash === "#alone") {
  fetch("/challenge").then((reply) => reply.json()).then(({ parameters }) => {
    window.begin(parameters);
    window.worker.onmessage = ({ data }) => fetch("/told", { method: "POST", body: JSON.stringify({ key: parameters.data.key, ...data }) });
  });
}
