package handlers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"path"

	"github.com/gofiber/fiber/v2"
)

// assets are the files of package static. Their addresses change with their content, so that a browser can keep each for
// a year and still has the right one after an update.
type assets map[string]asset

type asset struct {
	content     []byte
	contentType string
	version     string
}

func loadAssets(files fs.FS) assets {
	names, err := fs.Glob(files, "*.*")
	if err != nil {
		panic(err)
	}
	all := make(assets, len(names))
	for _, name := range names {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(content)
		all[name] = asset{content, mime.TypeByExtension(path.Ext(name)), hex.EncodeToString(sum[:6])}
	}
	return all
}

// url is what the templates call to link to an asset.
func (a assets) url(name string) (string, error) {
	file, ok := a[name]
	if !ok {
		return "", fmt.Errorf("there is no asset %q", name)
	}
	return "/static/" + name + "?v=" + file.version, nil
}

func (a assets) serve(c *fiber.Ctx) error {
	file, ok := a[c.Params("name")]
	if !ok {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderContentType, file.contentType)
	c.Set(fiber.HeaderETag, `"`+file.version+`"`)
	switch {
	case c.Query("v") == file.version:
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	default:
		c.Set(fiber.HeaderCacheControl, "no-cache")
	}
	if c.Fresh() {
		return c.SendStatus(fiber.StatusNotModified)
	}
	return c.Send(file.content)
}
