// Package static embeds the demo's assets.
package static

import "embed"

//go:embed *.css *.js *.svg *.png *.yaml
var FS embed.FS
