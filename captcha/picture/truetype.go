package picture

import (
	"github.com/golang/freetype/truetype"
	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
)

// trueTypeFont reads the quadratic outlines of TrueType fonts.
func trueTypeFont(file []byte) (reader, error) {
	parsed, err := truetype.Parse(file)
	if err != nil {
		return nil, err
	}
	var buffer truetype.GlyphBuf
	return func(letter rune, scale float32) ([][]point, error) {
		index := parsed.Index(letter)
		if index == 0 {
			return nil, nil
		}
		// At a size of as many pixels as the em has units, a unit is a pixel, so the numbers are those of the file.
		if err := buffer.Load(parsed, fixed.I(int(parsed.FUnitsPerEm())), index, font.HintingNone); err != nil {
			return nil, refuseLetter(letter, err)
		}
		var all [][]point
		start := 0
		for _, end := range buffer.Ends {
			if c := readContour(buffer.Points[start:end], scale); len(c) >= 4 {
				all = append(all, c)
			}
			start = end
		}
		return all, nil
	}, nil
}

// readContour adds the points that TrueType only implies, so that on-curve points and control points alternate.
func readContour(points []truetype.Point, scale float32) []point {
	at := func(i int) point {
		p := points[i%len(points)]
		return point{float32(p.X) * scale / 64, -float32(p.Y) * scale / 64}
	}
	onCurve := func(i int) bool { return points[i%len(points)].Flags&1 != 0 }
	var c []point
	for i := range points {
		switch {
		case onCurve(i) && onCurve(i+1):
			if at(i) != at(i+1) {
				c = append(c, at(i), middle(at(i), at(i+1)))
			}
		case onCurve(i):
			c = append(c, at(i), at(i+1))
		case !onCurve(i + 1):
			// Between two control points lies an implied point on the curve.
			c = append(c, middle(at(i), at(i+1)), at(i+1))
		}
	}
	return c
}
