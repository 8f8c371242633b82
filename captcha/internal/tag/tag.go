// Package tag finds the language for a visitor: language tags (BCP 47) are looked up as RFC 4647, section 3.4, says,
// and the header Accept-Language is read as RFC 9110, section 12.5.4, says.
//
// The package golang.org/x/text/language does that and much more, and would add 212 KiB to each app. The tests compare
// this package with that one: whatever tag that one knows finds the same language here.
package tag

import (
	"iter"
	"slices"
	"strconv"
	"strings"
)

// Chain yields tag in lower case and then the tags that can take its place, the nearest first: for zh-TW zh-tw and
// zh-hant; for es-MX es-mx, es-419 and es.
func Chain(tag string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for at := strings.ToLower(tag); at != "" && yield(at); {
			at = parent(at)
		}
	}
}

// parent returns the tag without its last part, and without a single letter before it, which only introduces that part.
// If the Unicode CLDR knows a closer relative, parent returns that, or "" if the CLDR says that there is none.
func parent(tag string) string {
	if relative, ok := relatives[tag]; ok {
		return relative
	}
	tag = tag[:max(0, strings.LastIndexByte(tag, '-'))]
	if n := len(tag); n >= 2 && tag[n-2] == '-' {
		tag = tag[:n-2]
	}
	return tag
}

// relatives are from CLDR's parent locales and language matching. "" is for scripts that readers of the language's
// usual one can't be expected to read.
var relatives = func() map[string]string {
	all := map[string]string{
		"zh": "zh-hans", "cmn": "zh", "yue": "zh-hant", "zh-tw": "zh-hant", "zh-hk": "zh-hant", "zh-mo": "zh-hant",
		"zh-hans": "", "zh-hant": "",
		"no": "nb", "iw": "he", "in": "id", "ji": "yi", "tl": "fil", "mo": "ro",
		"sh": "sr-latn", "sr-me": "sr-latn", "sr-latn": "", "bs": "hr", "bs-cyrl": "sr",
		"az-cyrl": "", "az-arab": "", "az-ir": "", "kk-arab": "", "kk-cn": "", "ms-arab": "", "pa-arab": "", "pa-pk": "", "uz-arab": "",
		"uz-af": "", "uz-cyrl": "",
	}
	for _, region := range strings.Fields("ar bo br bz cl co cr cu do ec gt hn mx ni pa pe pr py sv us uy ve") {
		all["es-"+region] = "es-419"
	}
	for _, region := range strings.Fields("ao ch cv fr gq gw lu mo mz st tl") {
		all["pt-"+region] = "pt-pt"
	}
	return all
}()

// An Index finds languages by the tags that visitors ask for. It does not change.
type Index struct {
	languages []string
	found     map[string]string // languages by tags in lower case
}

// NewIndex returns an index of these languages, the default first.
func NewIndex(languages []string) Index {
	x := Index{slices.Clone(languages), make(map[string]string, 2*len(languages))}
	add := func(tag, language string) {
		if x.found[tag] == "" {
			x.found[tag] = language
		}
	}
	for _, language := range languages {
		add(strings.ToLower(language), language)
	}
	for _, language := range languages {
		for tag := range Chain(language) { // de-CH is for readers of de too, if there is no de
			add(tag, language)
		}
	}
	return x
}

// Find returns the language for a tag, or "".
func (x Index) Find(tag string) string {
	for at := range Chain(tag[:min(len(tag), longestTag)]) {
		if language := x.found[at]; language != "" {
			return language
		}
	}
	return ""
}

// Bounds for what a visitor sends, in bytes. Browsers list a dozen languages at most, in some 150 bytes, and the
// longest tag that RFC 5646 has an example of takes 50.
const (
	longestTag    = 64
	longestHeader = 1024
)

// Prefer returns the language that the value of a header Accept-Language prefers, or the default. Parts of the header
// that can't be read are skipped, and so is what is beyond 1,024 bytes.
func (x Index) Prefer(header string) string {
	if len(header) > longestHeader {
		header = header[:strings.LastIndexByte(header[:longestHeader], ',')+1]
	}
	const wildcard = "*"
	best, quality := wildcard, 0.0
	var refused []string
	for part := range strings.SplitSeq(header, ",") {
		tag, q, ok := languageRange(part)
		language := tag
		if tag != wildcard {
			language = x.Find(tag)
		}
		switch {
		case !ok || language == "":
		case q == 0:
			refused = append(refused, language)
		case q > quality:
			best, quality = language, q
		}
	}
	if best != wildcard {
		return best
	}
	for _, language := range x.languages {
		if !slices.Contains(refused, language) {
			return language
		}
	}
	return x.languages[0]
}

// languageRange splits one part of the header: "de-AT;q=0.8" is de-AT and 0.8.
func languageRange(part string) (tag string, quality float64, ok bool) {
	tag, weight, weighted := strings.Cut(part, ";")
	if tag = strings.TrimSpace(tag); !weighted {
		return tag, 1, true
	}
	weight = strings.TrimSpace(weight)
	if len(weight) < 3 || !strings.EqualFold(weight[:2], "q=") {
		return tag, 0, false
	}
	quality, err := strconv.ParseFloat(weight[2:], 64)
	return tag, quality, err == nil && quality >= 0 && quality <= 1
}

// rightToLeft are languages that are written from right to left, unless their tag names a script.
var rightToLeft = strings.Fields("ar arc arz azb bal bgn ckb dv fa glk he iw ji ks lrc mzn nqo pnb prs ps sd skr syr ug ur yi")

// rightToLeftScripts are the scripts that are written from right to left.
var rightToLeftScripts = strings.Fields("adlm arab aran hebr mand nkoo rohg samr syrc thaa")

// RightToLeft reports whether a language is written from right to left.
func RightToLeft(tag string) bool {
	parts := strings.Split(strings.ToLower(tag), "-")
	if len(parts) > 1 && len(parts[1]) == 4 {
		return slices.Contains(rightToLeftScripts, parts[1])
	}
	return slices.Contains(rightToLeft, parts[0])
}
