package picture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
)

var update = flag.Bool("update", false, "write the golden pictures anew")

func mustNew(t testing.TB, c picture.Config, alphabet string, length int) *picture.Renderer {
	t.Helper()
	r, err := picture.New(c, alphabet, length)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func mustDecode(t testing.TB, data []byte) *image.Paletted {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return img.(*image.Paletted)
}

func drawn(t testing.TB, c picture.Config, text string, seed byte) *image.Paletted {
	t.Helper()
	r := mustNew(t, c, picture.Alphabet, len(text))
	return mustDecode(t, r.Append(nil, text, [32]byte{seed}))
}

func TestSameSeedSameBytes(t *testing.T) {
	a, b := mustNew(t, picture.Config{}, picture.Alphabet, 4), mustNew(t, picture.Config{}, picture.Alphabet, 4)
	seen := map[string]bool{}
	for i := range byte(200) {
		first := a.Append(nil, "ABCD", [32]byte{31: i})
		if !bytes.Equal(first, b.Append([]byte("before"), "ABCD", [32]byte{31: i})[6:]) {
			t.Fatalf("seed %d draws two pictures", i)
		}
		seen[string(first)] = true
	}
	if len(seen) != 200 {
		t.Errorf("200 seeds draw %d pictures", len(seen))
	}
}

func TestSize(t *testing.T) {
	for _, row := range []struct {
		config        picture.Config
		text          string
		width, height int
	}{
		{picture.Config{}, "ABCD", 90, 40},
		{picture.Config{}, "AB", 90, 40},
		{picture.Config{Width: 240, Height: 80}, "ABCDEF", 240, 80},
		{picture.Config{Scale: 2}, "ABCD", 90, 40},
		{picture.Config{Width: 91, Height: 33, Scale: 3}, "ABCD", 91, 33},
		{picture.Config{Width: 150, Height: picture.Fit, FontSize: 20}, "AB", 150, 37},
	} {
		r := mustNew(t, row.config, picture.Alphabet, 6)
		width, height := r.Size(row.text)
		if width != row.width || height != row.height {
			t.Errorf("%+v: size %d x %d, want %d x %d", row.config, width, height, row.width, row.height)
		}
		scale := max(row.config.Scale, 1)
		if b := mustDecode(t, r.Append(nil, row.text, [32]byte{1})).Bounds(); b.Dx() != width*scale ||
			b.Dy() != height*scale {
			t.Errorf("%+v: picture %v of size %d x %d", row.config, b, width, height)
		}
	}
}

func TestFitGrowsWithTheText(t *testing.T) {
	r := mustNew(t, picture.Config{Width: picture.Fit, Height: picture.Fit}, picture.Alphabet, 8)
	before := 0
	for n := 1; n <= 8; n++ {
		text := picture.Alphabet[:n]
		width, height := r.Size(text)
		if width <= before || height != 40 {
			t.Errorf("%d letters: %d x %d after a width of %d", n, width, height, before)
		}
		if b := mustDecode(t, r.Append(nil, text, [32]byte{})).Bounds(); b.Dx() != width || b.Dy() != height {
			t.Errorf("%d letters: picture %v of size %d x %d", n, b, width, height)
		}
		before = width
	}
}

func TestRefusedSettings(t *testing.T) {
	const abc = picture.Alphabet
	for _, row := range []struct {
		config   picture.Config
		alphabet string
		length   int
		field    string
		want     string // part of the error, after the field's name
	}{
		{picture.Config{Width: -2}, abc, 4, "Width", "is -2; accepted: 1 to 1000"},
		{picture.Config{Height: 1001}, abc, 4, "Height", "is 1001; accepted"},
		{picture.Config{Scale: 5}, abc, 4, "Scale", "is 5; accepted: 1 to 4"},
		{picture.Config{Scale: -1}, abc, 4, "Scale", "is -1; accepted"},
		{picture.Config{Width: 5}, abc, 4, "Width", "or more for 4 letters 8 pixels high, or Fit"},
		{picture.Config{Width: 20}, abc, 4, "MaxLength",
			"is 4; accepted: 1 to 2 letters 8 pixels high in a Width of 20, or a Width of"},
		{picture.Config{Height: 10}, abc, 4, "Height", "is 10; accepted: 15 or more"},
		{picture.Config{Width: 90}, abc, 40, "MaxLength", "letters 8 pixels high in a Width of 90, or a Width of"},
		{picture.Config{FontSize: 7}, abc, 4, "FontSize", "is 7; accepted: 8 to 1000"},
		{picture.Config{FontSize: 39}, abc, 1, "Height", "is 40; accepted: 47 or more for FontSize 39"},
		{picture.Config{FontSize: 30}, abc, 6, "MaxLength",
			"is 6; accepted: 1 to 3 letters 30 pixels high in a Width of 90, or a Width of"},
		{picture.Config{FontSize: 1000, Width: picture.Fit, Height: picture.Fit}, abc, 4, "FontSize",
			"is 1000; accepted: 550 or less"},
		{picture.Config{FontSize: 100, Width: picture.Fit, Height: picture.Fit}, abc, 60, "MaxLength",
			"letters 100 pixels high in a Width of 1000"},
		{picture.Config{RotationMin: 10, RotationMax: -10}, abc, 4, "RotationMax",
			"is -10; accepted: from RotationMin, which is 10, to 90"},
		{picture.Config{RotationMin: -91}, abc, 4, "RotationMin", "is -91; accepted: -90 to 90"},
		{picture.Config{Foreground: color.NRGBA{0, 0, 0, 128}}, abc, 4, "Foreground",
			"is #000000 with alpha 128; accepted: an opaque colour"},
		{picture.Config{Foreground: color.White}, abc, 4, "Foreground",
			"a contrast of 1.00; accepted: colours with a contrast of 2 or more"},
		{picture.Config{Styles: []picture.Style{99}}, abc, 4, "Styles[0]", "is 99; accepted: classic, "},
		{picture.Config{Styles: []picture.Style{picture.Solid, 0}}, abc, 4, "Styles[1]", "is 0; accepted"},
		{picture.Config{Noise: []picture.Noise{nil}}, abc, 4, "Noise[0]", "is <nil>; accepted: a function"},
		{picture.Config{Filters: []picture.Filter{picture.Smooth, nil}}, abc, 4, "Filters[1]",
			"is <nil>; accepted: a function"},
		{picture.Config{Fonts: [][]byte{goregular.TTF, []byte("no font")}}, abc, 4, "Fonts[1]",
			"is no font; accepted: TrueType or OpenType"},
		{picture.Config{Fonts: [][]byte{nil}}, abc, 4, "Fonts[0]", "is no font; accepted"},
		{picture.Config{}, "", 4, "Alphabet", `is ""; accepted: one letter or more`},
		{picture.Config{}, "AB\xff", 4, "Alphabet", "accepted: valid UTF-8"},
		{picture.Config{}, "AB漢C", 4, "Alphabet", `no font has "漢"`},
		{picture.Config{}, "AB C", 4, "Alphabet", `without " ": spaces`},
		{picture.Config{}, "AB\u00adC", 4, "Alphabet", `without "\u00ad": spaces`},
		{picture.Config{}, "AB\ue000C", 4, "Alphabet", `without "\ue000": spaces`},
		{picture.Config{}, "ABאב", 4, "Alphabet", `without "\u05d0\u05d1": letters are drawn`},
		{picture.Config{}, "ابت", 4, "Alphabet", "from right to left"},
		{picture.Config{}, "ᠠᠡᠢ", 4, "Alphabet", "runs downwards"},
		{picture.Config{}, "ABA\u0301", 4, "Alphabet", `without "\u0301": a mark`},
		{picture.Config{}, "कखि", 4, "Alphabet", `without "\u093f": a mark`},
		{picture.Config{}, "AB\u212a", 4, "Alphabet", `without "\u212a": keyboards`},
		{picture.Config{}, "\u1100\u1161", 4, "Alphabet", "keyboards"},
		{picture.Config{}, abc, 0, "MaxLength", "is 0; accepted: 1 to 64"},
		{picture.Config{}, abc, 65, "MaxLength", "is 65; accepted: 1 to 64"},
	} {
		_, err := picture.New(row.config, row.alphabet, row.length)
		var refused *setting.Error
		if !errors.As(err, &refused) || refused.Field != row.field || !strings.Contains(err.Error(), row.want) {
			t.Errorf("New(%+v, %q, %d): %v; want %s refused with %q",
				row.config, row.alphabet, row.length, err, row.field, row.want)
		}
	}
}

// Every wrong setting is named, not only the first, and a package around this one names them as parts of its own
// settings.
func TestRefusedSettingsAreJoined(t *testing.T) {
	_, err := picture.New(picture.Config{Width: -2, Scale: 9}, picture.Alphabet, 4)
	want := "setting Picture.Width is -2; accepted: 1 to 1000 CSS pixels, or Fit\n" +
		"setting Picture.Scale is 9; accepted: 1 to 4"
	if got := setting.In("Picture", err); got == nil || got.Error() != want {
		t.Errorf("%v\nwant\n%s", got, want)
	}
}

// A length that is refused with another is accepted as that other.
func TestTheLengthThatFits(t *testing.T) {
	for _, c := range []picture.Config{
		{}, {Width: 240, Height: 80, FontSize: 40}, {Width: 470, Height: 40},
		{Width: picture.Fit, Height: 100, FontSize: 80},
	} {
		_, err := picture.New(c, picture.Alphabet, picture.MaxLength)
		var refused *setting.Error
		fits := 0
		if !errors.As(err, &refused) {
			t.Errorf("%+v: %d letters: %v", c, picture.MaxLength, err)
		} else if _, err := fmt.Sscanf(refused.Accepted, "1 to %d letters", &fits); err != nil {
			t.Errorf("%+v: %v", c, refused)
		}
		mustNew(t, c, picture.Alphabet, fits)
		if _, err := picture.New(c, picture.Alphabet, fits+1); err == nil { // the least length that is refused
			t.Errorf("%+v: %d letters fit too", c, fits+1)
		}
	}
}

func TestUnwise(t *testing.T) {
	for alphabet, want := range map[string][]string{
		picture.Alphabet:     nil,
		"АБВГД":              nil,
		"0123456789":         {`"17"`, `"56"`},
		"ABCDO0":             {`"DO0"`},
		"aAbB":               nil, // upper and lower case are one answer
		"ABC1I":              {`"1I"`},
		"MA\u0410Ж":          {"A (Latin), А (Cyrillic)"},
		"Y\u03a5\u04ae":      {"Y (Latin), Υ (Greek), Ү (Cyrillic)"},
		"AЖ":                 nil, // whoever types the other A is understood
		"\u0391\u0414":       nil,
		"\u0391\u0392\u0393": nil,
	} {
		got := picture.Unwise(alphabet)
		if len(got) != len(want) {
			t.Errorf("%q: %q, want %d sentences", alphabet, got, len(want))
		}
		for i := range min(len(got), len(want)) {
			if !strings.Contains(strings.Join(got, " "), want[i]) {
				t.Errorf("%q: %q does not say %s", alphabet, got[i], want[i])
			}
		}
	}
}

func TestBrokenFontsAreRefused(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		data := bytes.Clone(goregular.TTF)
		for range 20 {
			data[random.IntN(4000)] = byte(random.Uint32())
		}
		r, err := picture.New(picture.Config{Fonts: [][]byte{data[:random.IntN(len(data))]}}, "AB", 2)
		if err == nil {
			mustDecode(t, r.Append(nil, "AB", [32]byte{}))
		}
	}
}

func TestAFontWithAFlatH(t *testing.T) {
	r := mustNew(t, picture.Config{Fonts: [][]byte{flatH(t)}}, "AH", 4)
	mustDecode(t, r.Append(nil, "AHAH", [32]byte{}))
}

// flatH is a font whose H has all of its points on the baseline.
func flatH(t *testing.T) []byte {
	font := bytes.Clone(goregular.TTF)
	parsed, err := sfnt.Parse(font)
	if err != nil {
		t.Fatal(err)
	}
	index, err := parsed.GlyphIndex(nil, 'H')
	if err != nil {
		t.Fatal(err)
	}
	be := binary.BigEndian
	tables := map[string][]byte{}
	for i := range be.Uint16(font[4:]) {
		entry := font[12+16*int(i):]
		tables[string(entry[:4])] = font[be.Uint32(entry[8:]):]
	}
	glyph := tables["glyf"][2*int(be.Uint16(tables["loca"][2*int(index):])):]
	const header, points, onCurveShortRight = 10 + 2, 12, 1 | 2 | 16 | 32 // of one contour
	flags := glyph[header+2+int(be.Uint16(glyph[header:])):]
	for i := range points {
		flags[i], flags[points+i] = onCurveShortRight, byte(10+i)
	}
	return font
}

func TestSettingsShow(t *testing.T) {
	solid := []picture.Style{picture.Solid}
	base := picture.Config{Styles: solid, FontSize: 16}
	for name, change := range map[string]func(*picture.Config){
		"Width":      func(c *picture.Config) { c.Width = 100 },
		"Height":     func(c *picture.Config) { c.Height = 50 },
		"Scale":      func(c *picture.Config) { c.Scale = 2 },
		"Fonts":      func(c *picture.Config) { c.Fonts = [][]byte{goregular.TTF} },
		"FontSize":   func(c *picture.Config) { c.FontSize = 18 },
		"Rotation":   func(c *picture.Config) { c.RotationMin, c.RotationMax = 10, 20 },
		"Upright":    func(c *picture.Config) { c.Upright = true },
		"Foreground": func(c *picture.Config) { c.Foreground = color.NRGBA{0x99, 0, 0, 0xff} },
		"Background": func(c *picture.Config) { c.Background = color.Transparent },
		"Styles":     func(c *picture.Config) { c.Styles = []picture.Style{picture.Hollow} },
		"Noise":      func(c *picture.Config) { c.Noise = []picture.Noise{picture.Lines} },
		"Filters":    func(c *picture.Config) { c.Filters = []picture.Filter{picture.Thicken} },
	} {
		changed := base
		change(&changed)
		if same(drawn(t, base, "ABCD", 7), drawn(t, changed, "ABCD", 7)) {
			t.Errorf("%s changes nothing", name)
		}
	}
}

func same(a, b image.Image) bool {
	if a.Bounds() != b.Bounds() {
		return false
	}
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			if a.At(x, y) != b.At(x, y) {
				return false
			}
		}
	}
	return true
}

func TestNoisesAndFiltersShow(t *testing.T) {
	plain := picture.Config{Styles: []picture.Style{picture.Solid}}
	bare := drawn(t, plain, "ABCD", 3)
	for _, name := range picture.NoiseNames() {
		c := plain
		noise, err := picture.ParseNoise(name)
		if err != nil {
			t.Fatal(err)
		}
		c.Noise = []picture.Noise{noise}
		if n := differing(bare, drawn(t, c, "ABCD", 3)); n < 30 {
			t.Errorf("noise %s changes %d pixels", name, n)
		}
	}
	for _, name := range picture.FilterNames() {
		c := plain
		filter, err := picture.ParseFilter(name)
		if err != nil {
			t.Fatal(err)
		}
		c.Filters = []picture.Filter{filter}
		if n := differing(bare, drawn(t, c, "ABCD", 3)); n < 30 {
			t.Errorf("filter %s changes %d pixels", name, n)
		}
	}
}

func differing(a, b *image.Paletted) (n int) {
	for i := range a.Pix {
		if a.Pix[i] != b.Pix[i] {
			n++
		}
	}
	return n
}

func TestOwnNoiseAndFilter(t *testing.T) {
	c := picture.Config{
		Styles:     []picture.Style{picture.Solid},
		Background: color.White,
		Noise:      []picture.Noise{func(ink *image.Alpha, _ *rand.Rand) { ink.SetAlpha(0, 0, color.Alpha{255}) }},
		Filters:    []picture.Filter{func(ink *image.Alpha) { ink.SetAlpha(89, 39, color.Alpha{255}) }},
	}
	img := drawn(t, c, "ABCD", 1)
	for _, p := range []image.Point{{0, 0}, {89, 39}} {
		if got := img.ColorIndexAt(p.X, p.Y); got != 15 {
			t.Errorf("%v has level %d, want full ink", p, got)
		}
	}
}

func TestParse(t *testing.T) {
	for _, s := range picture.Styles() {
		if got, err := picture.ParseStyle(s.String()); err != nil || got != s {
			t.Errorf("ParseStyle(%q) is %v, %v", s, got, err)
		}
	}
	for name, err := range map[string]error{
		"style":  second(picture.ParseStyle("gothic")),
		"noise":  second(picture.ParseNoise("gothic")),
		"filter": second(picture.ParseFilter("gothic")),
		"colour": second(picture.ParseColor("gothic")),
	} {
		if err == nil || !strings.Contains(err.Error(), `"gothic"; accepted: `) {
			t.Errorf("%s: error %v doesn't quote the value and list what is accepted", name, err)
		}
	}
	for s, want := range map[string]color.NRGBA{"#0a0bfF": {0x0a, 0x0b, 0xff, 0xff}, "transparent": {}} {
		if got, err := picture.ParseColor(s); err != nil || got != want {
			t.Errorf("ParseColor(%q) is %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "#fff", "#00000g", "#0000000", "red", "#+12345"} {
		if c, err := picture.ParseColor(s); err == nil {
			t.Errorf("ParseColor(%q) is %v", s, c)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// The corner is ground in these styles, and some pixel of every letter is full ink.
func TestColoursAreKept(t *testing.T) {
	red, cream := color.NRGBA{0xaa, 0x11, 0x22, 0xff}, color.NRGBA{0xff, 0xf8, 0xe0, 0xff}
	for _, row := range []struct {
		config      picture.Config
		ink, ground color.NRGBA
	}{
		{picture.Config{Foreground: red, Background: cream}, red, cream},
		{picture.Config{Foreground: red}, red, color.NRGBA{0xff, 0xff, 0xff, 0xff}},
		{picture.Config{Background: cream}, color.NRGBA{0, 0x11, 0, 0xff}, cream},
		{picture.Config{Foreground: red, Background: color.Transparent}, red, color.NRGBA{red.R, red.G, red.B, 0}},
		{picture.Config{Foreground: red, Styles: []picture.Style{picture.Classic}}, red, color.NRGBA{0xff, 0xff, 0xff, 0xff}},
	} {
		r := mustNew(t, row.config, picture.Alphabet, 4)
		corners, full := 0, 0
		for seed := range byte(40) {
			img := mustDecode(t, r.Append(nil, "ABCD", [32]byte{seed}))
			if color.NRGBAModel.Convert(img.At(0, 0)) == row.ground {
				corners++
			}
			for _, v := range img.Pix {
				if color.NRGBAModel.Convert(img.Palette[v]) == row.ink {
					full++
				}
			}
		}
		// Classic may put a dot or an arc into a corner.
		if corners < 28 || full < 40*50 {
			t.Errorf("%+v: ground in %d of 40 corners, ink in %d pixels", row.config, corners, full)
		}
	}
}

// A picture of all styles is the one that its style alone draws. Both draw the same numbers after the one that chooses.
func TestStyleIsTheOneDrawn(t *testing.T) {
	r := mustNew(t, picture.Config{}, picture.Alphabet, 4)
	alone := map[picture.Style]*picture.Renderer{}
	for _, s := range picture.Styles() {
		styles := make([]picture.Style, 6) // as many as there are by default, so that choosing takes as many numbers
		for i := range styles {
			styles[i] = s
		}
		alone[s] = mustNew(t, picture.Config{Styles: styles, Width: 90}, picture.Alphabet, 4)
	}
	seen := map[picture.Style]int{}
	for i := range byte(200) {
		seed := [32]byte{3, i}
		s := r.Style(seed)
		seen[s]++
		if !bytes.Equal(r.Append(nil, "R5KW", seed), alone[s].Append(nil, "R5KW", seed)) {
			t.Fatalf("seed %d is not drawn as %s", i, s)
		}
	}
	if len(seen) != 5 {
		t.Errorf("200 pictures in %d styles of 5: %v", len(seen), seen)
	}
}

func TestConcurrentDrawing(t *testing.T) {
	r := mustNew(t, picture.Config{}, picture.Alphabet, 4)
	want := make([][]byte, 64)
	for i := range want {
		want[i] = mustNew(t, picture.Config{}, picture.Alphabet, 4).Append(nil, "R5KW", [32]byte{byte(i)})
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i, w := range want {
				if !bytes.Equal(r.Append(nil, "R5KW", [32]byte{byte(i)}), w) {
					t.Errorf("seed %d draws another picture among others", i)
				}
			}
		})
	}
	all.Wait()
}

func TestOddTexts(t *testing.T) {
	r := mustNew(t, picture.Config{}, picture.Alphabet, 4)
	for _, text := range []string{"", "a", "\xff\xfe", "ABCDEFGH", "A\x00B", "漢字"} {
		mustDecode(t, r.Append(nil, text, [32]byte{}))
	}
}

func TestAlphabets(t *testing.T) {
	for _, alphabet := range []string{
		"0123456789", "abcdefghijklmnopqrstuvwxyz", "АБВГДЕЖЗИК", "ΑΒΓΔΩ", "ÄÖÜß", "1", "AAAB",
	} {
		r := mustNew(t, picture.Config{}, alphabet, 4)
		mustDecode(t, r.Append(nil, alphabet, [32]byte{}))
	}
}

func TestSmallFiles(t *testing.T) {
	for _, row := range []struct {
		config picture.Config
		length int
		most   int
	}{
		{picture.Config{}, 4, 2048},
		{picture.Config{Width: 240, Height: 80}, 6, 6144},
		{picture.Config{Width: 180, Height: 64, Scale: 2}, 4, 8192}, // the form field's
	} {
		r := mustNew(t, row.config, picture.Alphabet, row.length)
		total := 0
		for i := range 256 {
			total += len(r.Append(nil, "R5KWAB"[:row.length], [32]byte{byte(i)}))
		}
		if mean := total / 256; mean > row.most {
			t.Errorf("%+v: %d bytes on average, want at most %d", row.config, mean, row.most)
		}
	}
}

// The pictures may differ a little between processors, which round and fuse floating-point operations differently: an
// edge by a level, hardly ever more.
func TestGolden(t *testing.T) {
	for _, s := range picture.Styles() {
		c := picture.Config{Styles: []picture.Style{s}, Width: 120, Height: 48}
		file := filepath.Join("testdata", s.String()+".png")
		data := mustNew(t, c, picture.Alphabet, 5).Append(nil, "KA5RW", [32]byte{5})
		if *update {
			if err := os.WriteFile(file, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		golden, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, want := mustDecode(t, data), mustDecode(t, golden)
		if got.Bounds() != want.Bounds() {
			t.Fatalf("%s: %v, want %v", s, got.Bounds(), want.Bounds())
		}
		far := 0
		for i, v := range got.Pix {
			if d := int(v) - int(want.Pix[i]); d > 2 || d < -2 {
				far++
			}
		}
		if far > len(got.Pix)/200 {
			t.Errorf("%s: %d of %d pixels differ from %s by more than two levels", s, far, len(got.Pix), file)
		}
	}
}

func FuzzSettings(f *testing.F) {
	f.Add(90, 40, 1, 0.0, -35.0, 35.0, uint16(0), uint16(0), uint32(0), picture.Alphabet, 4)
	f.Add(-1, -1, 2, 22.5, 0.0, 0.0, uint16(1), uint16(7), uint32(0xffee00), "abc", 6)
	f.Add(300, 17, 4, 9.0, 80.0, 90.0, uint16(0x1ff), uint16(63), uint32(0x123456), "ÄÖ8", 9)
	f.Add(1, 1, 3, 1e9, -90.0, 90.0, uint16(2), uint16(8), uint32(0xffffffff), "", 64)
	f.Fuzz(func(
		t *testing.T, width, height, scale int, size, least, greatest float64,
		styles, functions uint16, rgba uint32, alphabet string, length int,
	) {
		c := picture.Config{Width: width % 250, Height: height % 120, Scale: scale % 5, FontSize: size,
			RotationMin: least, RotationMax: greatest, Upright: functions&1 != 0}
		for _, s := range picture.Styles() {
			if styles>>s&1 != 0 {
				c.Styles = append(c.Styles, s)
			}
		}
		for i, name := range picture.NoiseNames() {
			if noise, _ := picture.ParseNoise(name); functions>>(i+1)&1 != 0 {
				c.Noise = append(c.Noise, noise)
			}
		}
		for i, name := range picture.FilterNames() {
			if filter, _ := picture.ParseFilter(name); functions>>(i+4)&1 != 0 {
				c.Filters = append(c.Filters, filter)
			}
		}
		if rgba != 0 {
			c.Foreground = color.NRGBA{uint8(rgba >> 24), uint8(rgba >> 16), uint8(rgba >> 8), 0xff}
		}
		if functions>>8&1 != 0 {
			c.Background = color.NRGBA{uint8(rgba), uint8(rgba >> 8), uint8(rgba >> 16), uint8(rgba >> 24)}
		}
		if functions>>9&1 == 0 { // Reading one font is much faster than all the embedded ones.
			c.Fonts = [][]byte{goregular.TTF}
		}
		r, err := picture.New(c, alphabet, length)
		if err != nil {
			return
		}
		text := []rune(strings.Repeat(alphabet, 1+length))[:length]
		for seed := range byte(4) {
			img := mustDecode(t, r.Append(nil, string(text), [32]byte{seed}))
			w, h := r.Size(string(text))
			if s := max(c.Scale, 1); img.Rect.Dx() != w*s || img.Rect.Dy() != h*s {
				t.Fatalf("%v is not %d x %d at scale %d", img.Rect, w, h, s)
			}
			if uniform(img) {
				t.Fatalf("%+v: %q leaves no trace", c, string(text))
			}
		}
	})
}

func uniform(img *image.Paletted) bool {
	for _, v := range img.Pix {
		if v != img.Pix[0] {
			return false
		}
	}
	return true
}

// Each picture has another text and another seed, as on a server: neither letters nor branches are there from the last.
func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct {
		name   string
		config picture.Config
		length int
	}{
		{"90x40x4", picture.Config{}, 4},
		{"240x80x6", picture.Config{Width: 240, Height: 80}, 6},
		{"180x64x4 at scale 2", picture.Config{Width: 180, Height: 64, Scale: 2}, 4},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := mustNew(b, c.config, picture.Alphabet, c.length)
			b.ReportAllocs()
			letters := []rune(picture.Alphabet)
			texts := make([]string, 4096)
			var dst []byte
			for i := range texts {
				text := make([]rune, c.length)
				for j := range text {
					text[j] = letters[rand.IntN(len(letters))]
				}
				texts[i] = string(text)
				dst = r.Append(dst[:0], texts[i], [32]byte{0, 0, byte(i), byte(i >> 8)}) // what is made when first used
			}
			size := 0
			b.ResetTimer()
			for i := 0; i < b.N; i++ {
				dst = r.Append(dst[:0], texts[i%len(texts)], [32]byte{byte(i), byte(i >> 8)})
				size += len(dst)
			}
			b.ReportMetric(float64(size)/float64(b.N), "B/picture")
		})
	}
}

func ExampleNew() {
	r, err := picture.New(picture.Config{Width: 240, Height: 80, Scale: 2}, picture.Alphabet, 6)
	if err != nil {
		fmt.Println(err)
		return
	}
	width, height := r.Size("K3RW5A")
	fmt.Printf("<img width=%d height=%d>\n", width, height)
	_, err = picture.New(picture.Config{Scale: 9}, picture.Alphabet, 6)
	fmt.Println(err)
	// Output:
	// <img width=240 height=80>
	// setting Scale is 9; accepted: 1 to 4
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		mustNew(b, picture.Config{}, picture.Alphabet, 4)
	}
}
