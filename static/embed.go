// Package static embeds the demo's assets.
package static

import "embed"

//go:embed *.css
var FS embed.FS
