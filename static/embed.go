// Package static embeds the demo's assets.
package static

import "embed"

//go:embed *.css *.js *.svg
var FS embed.FS
