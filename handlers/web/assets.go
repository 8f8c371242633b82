package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/filesystem"
)

// Assets are a site's files for browsers, served by Fiber. Their addresses change when one of them does, so that a
// browser can keep each for a year and still has the right one after an update.
type Assets struct {
	files   fs.FS
	version string
}

// NewAssets returns the files at the top of files, which can be read as long as the program runs.
func NewAssets(files fs.FS) Assets {
	names, err := fs.Glob(files, "*")
	if err != nil {
		panic(err) // only for a pattern that is none
	}
	hash := sha256.New()
	for _, name := range names {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(hash, "%s %d\n%s", name, len(content), content)
	}
	return Assets{files, hex.EncodeToString(hash.Sum(nil)[:6])}
}

// URL is what templates call to link to an asset.
func (a Assets) URL(name string) (string, error) {
	_, err := fs.Stat(a.files, name)
	return "/static/" + name + "?v=" + a.version, err
}

// Serve answers with the asset that the route's parameter name tells. One of another version, as is asked for while a
// new one is being deployed, is asked for again each time.
func (a Assets) Serve(c *fiber.Ctx) error {
	name := c.Params("name")
	if file, err := fs.Stat(a.files, name); err != nil || file.IsDir() {
		return fiber.ErrNotFound
	}
	if err := filesystem.SendFile(c, http.FS(a.files), name); err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-cache")
	if c.Query("v") == a.version {
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	}
	return nil
}
