package work

import _ "embed"

//go:embed assets/work.js
var script string

// Script returns the browser's part, for a dedicated worker. It is a classic script that stands by itself: serve it as
// text/javascript from the page's own address, where a Content-Security-Policy of worker-src 'self' is enough. Its
// first lines say what page and worker tell each other.
func (w *Work) Script() string { return script }
