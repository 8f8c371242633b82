// What a page has to say to ALTCHA's widget where a policy forbids it to make workers out of its own source.
$altcha.algorithms.set("PBKDF2/SHA-256", () => new Worker("/dist/workers/pbkdf2.js"));
