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

// Assets are a site's files for browsers, served by Fiber. The addresses of all change when one file does, so that a
// browser can keep each file for a year and still gets the right one after an update.
type Assets struct {
	files   fs.FS
	version string
}

// NewAssets returns the files in the top folder of files, which has to stay readable as long as the program runs.
func NewAssets(files fs.FS) Assets {
	names, err := fs.Glob(files, "*")
	if err != nil {
		panic(err) // only for a malformed pattern
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

// URL returns an asset's address. Templates call it.
func (a Assets) URL(name string) (string, error) {
	_, err := fs.Stat(a.files, name)
	return "/static/" + name + "?v=" + a.version, err
}

// Serve answers with the asset that the route's parameter name names. If another version is asked for, as happens
// during a deployment, the browser has to ask again each time.
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
