// Package views embeds the demo's templates.
package views

import "embed"

//go:embed *.html
var FS embed.FS
