package captcha

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"path"

	"github.com/gofiber/fiber/v2"
)

//go:embed assets/field.js
var scriptSource string

//go:embed assets/field.css
var styleSource string

var (
	script = newAsset("field.js", "text/javascript; charset=utf-8", scriptSource)
	style  = newAsset("field.css", "text/css; charset=utf-8", styleSource)
)

// asset is a file that the form field loads. Its version is a hash of what is in it.
type asset struct{ name, mediaType, content, version string }

func newAsset(name, mediaType, content string) asset {
	hash := sha256.Sum256([]byte(content))
	return asset{name, mediaType, content, hex.EncodeToString(hash[:8])}
}

func (g *Guard) assetURL(a asset) string { return g.cfg.Path + "assets/" + a.name + "?v=" + a.version }

// Assets answers GET with the form field's script or style, whichever the path ends with: field.js or field.css. The field
// asks for them by their version and then keeps them for a year; without the version, or with another than this
// program's, as happens while a new one is being deployed, a browser asks again each time. Any other name is 404.
func (g *Guard) Assets(c *fiber.Ctx) error {
	var a asset
	switch path.Base(c.Path()) {
	case script.name:
		a = script
	case style.name:
		a = style
	default:
		return detail(c, fiber.StatusNotFound, "Not found.")
	}
	c.Set(fiber.HeaderContentType, a.mediaType)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderETag, `"`+a.version+`"`)
	c.Set(fiber.HeaderCacheControl, "no-cache")
	if c.Query("v") == a.version {
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	}
	if c.Fresh() {
		c.Status(fiber.StatusNotModified)
		return nil
	}
	return c.SendString(a.content)
}
