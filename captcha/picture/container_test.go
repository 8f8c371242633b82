package picture

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"image/png"
	"io"
	"maps"
	"math"
	"os"
	"strings"
	"testing"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/sfnt"
)

func mustTables(t testing.TB, data []byte) map[string][]byte {
	t.Helper()
	tables, err := tablesOf(data)
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

func mustRead(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// with is the Go font with other tables.
func with(t testing.TB, change func(tables map[string][]byte)) []byte {
	tables := maps.Clone(mustTables(t, gobold.TTF))
	change(tables)
	return assemble(trueType, tables)
}

// wrappedKern is a kern table as large fonts have it, Open Sans for one: longer than the 16 bits of its length can say.
func wrappedKern() []byte {
	const pairs = 12_000
	table := []byte{0, 0, 0, 1, 0, 0}
	table = binary.BigEndian.AppendUint16(table, uint16((14+6*pairs)%(1<<16)))
	table = append(table, 0, 1)
	table = binary.BigEndian.AppendUint16(table, pairs)
	return append(table, make([]byte, 6+6*pairs)...)
}

// unaligned is a collection of the Go font and another, whose tables begin at odd places.
func unaligned() []byte {
	be := binary.BigEndian
	head := be.AppendUint32([]byte("ttcf\x00\x01\x00\x00"), 2)
	const start = 20
	head = be.AppendUint32(be.AppendUint32(head, start), start)
	font := bytes.Clone(gobold.TTF)
	count := int(be.Uint16(font[4:]))
	for i := range count {
		at := font[12+16*i+8:]
		be.PutUint32(at, be.Uint32(at)+start+1)
	}
	directory := 12 + 16*count
	return append(append(append(head, font[:directory]...), 0), font[directory:]...)
}

// The same outlines draw the same picture, whatever the file around them is like.
func TestFontFiles(t *testing.T) {
	draw := func(t *testing.T, font []byte) []byte {
		t.Helper()
		r, err := New(Config{Fonts: [][]byte{font}}, "ABH", 3)
		if err != nil {
			t.Fatal(err)
		}
		return r.Append(nil, "ABH", [32]byte{7})
	}
	want := draw(t, gobold.TTF)
	for name, font := range map[string][]byte{
		"a kern table of another format":  with(t, func(tables map[string][]byte) { tables["kern"] = []byte{0, 9, 0, 1} }),
		"a kern table that is too long":   with(t, func(tables map[string][]byte) { tables["kern"] = wrappedKern() }),
		"broken metrics":                  with(t, func(tables map[string][]byte) { tables["hmtx"], tables["hhea"] = nil, nil }),
		"names of another version":        with(t, func(tables map[string][]byte) { tables["post"] = []byte{0, 2, 0x80, 0} }),
		"a longer maxp table":             with(t, func(tables map[string][]byte) { tables["maxp"] = append(bytes.Clone(tables["maxp"]), 0, 0) }),
		"a longer loca table":             with(t, func(tables map[string][]byte) { tables["loca"] = append(bytes.Clone(tables["loca"]), 0, 0) }),
		"Apple's first word":              append([]byte("true"), gobold.TTF[4:]...),
		"a collection of odd places":      unaligned(),
		"a last table beyond the file":    gobold.TTF[:len(gobold.TTF)-1],
		"tables that are not in order":    reversed(t),
		"bytes after the end of the file": append(bytes.Clone(gobold.TTF), "and more"...),
	} {
		t.Run(name, func(t *testing.T) {
			if !bytes.Equal(draw(t, font), want) {
				t.Error("another picture")
			}
		})
	}
}

// reversed has its directory back to front.
func reversed(t testing.TB) []byte {
	font := bytes.Clone(gobold.TTF)
	count := int(binary.BigEndian.Uint16(font[4:]))
	for i := range count {
		copy(font[12+16*i:][:16], gobold.TTF[12+16*(count-1-i):])
	}
	return font
}

// A circle of cubic curves stays a circle: an O of the OpenType font is as wide and high as its own numbers say, and its area is a ring's.
func TestOpenTypeOutlines(t *testing.T) {
	face, err := newTypeface(mustRead(t, "testdata/cff.otf"), []rune("ABHO3"))
	if err != nil {
		t.Fatal(err)
	}
	if len(face) != 5 {
		t.Fatalf("%d letters of 5", len(face))
	}
	r, err := New(Config{Fonts: [][]byte{mustRead(t, "testdata/cff.otf")}, Styles: []Style{Solid}}, "ABHO3", 5)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(r.Append(nil, "ABHO3", [32]byte{}))); err != nil {
		t.Fatal(err)
	}
	h := face['H']
	lo, hi := bounds(h.contours)
	if height := hi.y - lo.y; height < 0.99 || height > 1.01 {
		t.Errorf("the H is %v capitals high", height)
	}
	if n := len(face['O'].contours); n != 2 {
		t.Errorf("the O has %d contours, want 2", n)
	}
}

// The best circle of cubics, as quadratics: every point is at the circle's distance, to a thousandth.
func TestCubicsStayTheirShape(t *testing.T) {
	const k = 0.5522847
	c := contour{at: point{1, 0}}
	for range 4 {
		// A quarter turn takes x, y to -y, x.
		x, y := c.at.x, c.at.y
		c.cubic(point{x - k*y, y + k*x}, point{k*x - y, k*y + x}, point{-y, x}, 0.001)
	}
	around := flatten(c.points, 0.0001)
	if len(around) < 40 {
		t.Fatalf("a circle of %d points", len(around))
	}
	for _, p := range around {
		if d := math.Hypot(float64(p.x), float64(p.y)); d < 0.999 || d > 1.001 {
			t.Errorf("%v is at a distance of %v", p, d)
		}
	}
}

// tinyH has an H that is a point or two high, which sizes are measured by.
func tinyH(t testing.TB) []byte {
	return with(t, func(tables map[string][]byte) {
		glyf := bytes.Clone(tables["glyf"])
		face, err := sfnt.Parse(gobold.TTF)
		if err != nil {
			t.Fatal(err)
		}
		index, err := face.GlyphIndex(nil, 'H')
		if err != nil {
			t.Fatal(err)
		}
		letter := glyf[2*int(binary.BigEndian.Uint16(tables["loca"][2*index:])):]
		const header, points, onCurveShort = 10 + 2, 12, 1 | 2 | 4 | 16 | 32
		flags := letter[header+2+int(binary.BigEndian.Uint16(letter[header:])):]
		for i := range points {
			flags[i], flags[points+i], flags[2*points+i] = onCurveShort, 1, byte(i%2)
		}
		tables["glyf"] = glyf
	})
}

func TestRefusedFonts(t *testing.T) {
	cff := mustTables(t, mustRead(t, "testdata/cff.otf"))
	otto := func(change func(map[string][]byte)) []byte {
		tables := maps.Clone(cff)
		change(tables)
		return assemble(openType, tables)
	}
	rename := func(from, to string) func(map[string][]byte) {
		return func(tables map[string][]byte) { tables[to] = tables[from]; delete(tables, from) }
	}
	for name, row := range map[string]struct {
		font []byte
		want []string // parts of the error
	}{
		"nothing":         {nil, []string{"no font", "TrueType or OpenType"}},
		"text":            {[]byte("This is a text and not a font."), []string{"no font"}},
		"WOFF":            {[]byte("wOFF" + strings.Repeat("\x00", 60)), []string{"WOFF, a font packed for the web", "unpack it"}},
		"WOFF 2":          {[]byte("wOF2" + strings.Repeat("\x00", 60)), []string{"WOFF 2", "woff2_decompress"}},
		"Type 1":          {[]byte("%!PS-AdobeFont-1.0: Utopia-Regular"), []string{"Type 1", "convert it"}},
		"Type 1, binary":  {[]byte("\x80\x01\x00\x10%!PS-AdobeFont"), []string{"Type 1", "convert it"}},
		"dfont":           {[]byte("\x00\x00\x01\x00\x00\x00\x10\x00"), []string{".dfont", "FontForge"}},
		"SVG":             {[]byte(`<?xml version="1.0"?><svg/>`), []string{"SVG", ".ttf"}},
		"Git LFS":         {[]byte("version https://git-lfs.github.com/spec/v1"), []string{"git lfs pull"}},
		"cut short":       {gobold.TTF[:2000], []string{"cut short"}},
		"no collection":   {[]byte("ttcf\x00\x01\x00\x00\x00\x00\x00\x01\xff\xff\xff\xff"), []string{"cut short"}},
		"no outlines":     {with(t, func(tables map[string][]byte) { delete(tables, "glyf") }), []string{"outlines"}},
		"variable, CFF2":  {otto(rename("CFF ", "CFF2")), []string{"CFF2", "instancer"}},
		"no characters":   {with(t, func(tables map[string][]byte) { delete(tables, "cmap") }), []string{"cut short or damaged"}},
		"a tiny H":        {tinyH(t), []string{"letter 'A' is", "times as large"}},
		"unknown mapping": {with(t, func(tables map[string][]byte) { tables["cmap"] = []byte{0, 0, 0, 0} }), []string{"Unicode character map"}},
	} {
		_, err := New(Config{Fonts: [][]byte{gobold.TTF, row.font}}, "AB", 2)
		if err == nil {
			t.Errorf("%s is drawn", name)
			continue
		}
		for _, want := range append(row.want, "Fonts[1]", "accepted") {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", name, err, want)
			}
		}
	}
}

// Whatever a file holds, it is drawn or refused.
func FuzzFonts(f *testing.F) {
	cff := mustRead(f, "testdata/cff.otf")
	for _, font := range [][]byte{mustUnpack(f, "fonts/bebas.ttf.gz"), cff, nil} { // small ones, of which there are more in the time
		f.Add(font, uint32(0), byte(0))
		f.Add(font, uint32(300), byte(0xff))
	}
	plain, err := plainFont(cff)
	if err != nil {
		f.Fatal(err)
	}
	for at := 100; at < len(plain); at += 29 {
		f.Add(plain, uint32(at), byte(at))
	}
	f.Fuzz(func(t *testing.T, font []byte, at uint32, value byte) {
		if len(font) > 0 {
			font = bytes.Clone(font)
			font[at%uint32(len(font))] = value
		}
		r, err := New(Config{Fonts: [][]byte{font}}, "ABH", 3)
		if err != nil {
			return
		}
		for seed := range byte(8) {
			if _, err := png.Decode(bytes.NewReader(r.Append(nil, "ABH", [32]byte{seed}))); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func mustUnpack(t testing.TB, name string) []byte {
	t.Helper()
	reader, err := gzip.NewReader(bytes.NewReader(mustRead(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
