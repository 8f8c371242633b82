package captcha

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/valyala/fasthttp"
)

//go:embed assets/field.js
var scriptSource string

//go:embed assets/field.css
var styleSource string

var (
	script = newAsset("field.js", "text/javascript; charset=utf-8", withoutComments(scriptSource))
	style  = newAsset("field.css", "text/css; charset=utf-8", styleSource)
)

// withoutComments leaves out the lines of a script that only those need who read its source.
func withoutComments(source string) string {
	var script strings.Builder
	for line := range strings.Lines(source) {
		if !strings.HasPrefix(strings.TrimSpace(line), "//") {
			script.WriteString(line)
		}
	}
	return script.String()
}

// newAssets returns the files that a guard serves. The worker's script is among them if there is work.
func newAssets(work ProofOfWork) []asset {
	files := []asset{script, style}
	if work != nil {
		files = append(files, newAsset(workerName, "text/javascript; charset=utf-8", work.Script()))
	}
	return files
}

const workerName = "work.js"

// workerURL is where a browser finds the worker's script, or "" if there is no work.
func (g *Guard) workerURL() string {
	if last := g.assets[len(g.assets)-1]; last.name == workerName {
		return g.assetURL(last)
	}
	return ""
}

// asset is a file that the form field loads. Its version is a hash of what is in it.
type asset struct {
	name, mediaType, content, version string
	packed                            []encoding // the best first
}

// encoding is a file's content in one content encoding. It is made when it is first asked for, and kept.
type encoding struct {
	name    string
	content func() []byte
}

func newAsset(name, mediaType, content string) asset {
	hash := sha256.Sum256([]byte(content))
	return asset{name, mediaType, content, hex.EncodeToString(hash[:8]), []encoding{
		{"br", sync.OnceValue(func() []byte {
			return fasthttp.AppendBrotliBytesLevel(nil, []byte(content), fasthttp.CompressBrotliBestCompression)
		})},
		{"gzip", sync.OnceValue(func() []byte {
			return fasthttp.AppendGzipBytesLevel(nil, []byte(content), fasthttp.CompressBestCompression)
		})},
	}}
}

func (g *Guard) assetURL(a asset) string { return g.path() + "assets/" + a.name + "?v=" + a.version }

// asset answers GET with a file of the form field's. The field asks for a file by its version, and the browser then
// keeps it for a year. Without the version, or with a version that isn't this program's, as happens during a
// deployment, the browser asks again each time.
func (g *Guard) asset(r *fasthttp.RequestCtx, name string) error {
	i := slices.IndexFunc(g.assets, func(a asset) bool { return a.name == name })
	if i < 0 {
		return notFound()
	}
	a, header := g.assets[i], &r.Response.Header
	header.SetContentType(a.mediaType)
	header.Set("X-Content-Type-Options", "nosniff")
	packed := slices.IndexFunc(a.packed, func(e encoding) bool { return r.Request.Header.HasAcceptEncoding(e.name) })
	tag := `"` + a.version + `"`
	if packed >= 0 {
		tag = `"` + a.version + "-" + a.packed[packed].name + `"`
	}
	header.Set("Vary", "Accept-Encoding")
	header.Set("ETag", tag)
	header.Set("Cache-Control", "no-cache")
	if string(r.QueryArgs().Peek("v")) == a.version {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if strings.Contains(string(r.Request.Header.Peek("If-None-Match")), tag) {
		r.Response.SetStatusCode(http.StatusNotModified)
		return nil
	}
	if packed >= 0 {
		header.SetContentEncoding(a.packed[packed].name)
		r.Response.SetBodyRaw(a.packed[packed].content())
		return nil
	}
	r.Response.SetBodyString(a.content)
	return nil
}
