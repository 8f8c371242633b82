package work

import _ "embed"

//go:embed assets/work.js
var script string

// Script returns the script that a browser runs in a dedicated worker. It is a classic script without imports. Serve it
// as text/javascript from the page's own origin; a Content-Security-Policy of worker-src 'self' is then enough. Its
// first lines say which messages page and worker exchange.
func (w *Work) Script() string { return script }
