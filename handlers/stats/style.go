package stats

import (
	"github.com/fibercaptcha/fibercaptcha/captcha"
	"github.com/fibercaptcha/fibercaptcha/captcha/picture"
)

// A fare is how the challenges drawn in one style fared. A challenge accepts one answer, so each is solved at the first
// try or not at all.
type fare struct {
	issued, right, wrong int
	times                times // of right answers
}

// countStyle counts challenges, and the letters that were typed for them. If the browser's work is the answer, nobody
// read the picture.
func (s *Stats) countStyle(e captcha.Event) {
	style, err := picture.ParseStyle(e.Style)
	if err != nil {
		return // The key was not valid, or was that of a master answer, which has no picture.
	}
	f := &s.styles[style-1]
	typed := e.Kind == captcha.Verified && (e.Way == captcha.Letters || e.Way == captcha.Both) && e.Age > 0
	switch {
	case e.Kind == captcha.Issued:
		f.issued++
	case typed && e.Err == nil:
		f.right++
		f.times[timeClass(e.Age)]++
	case typed && e.Reason == captcha.WrongAnswer:
		f.wrong++
	}
}

// A styleRow is a style on the page.
type styleRow struct {
	Name                 string
	Issued, Right, Wrong int
	Share                float64 // right ones of those that were answered, in per cent
	Median               string  // the time class of the median, of right answers
}

func styleRows(fares []fare) (rows []styleRow) {
	for i, f := range fares {
		if f.issued+f.right+f.wrong > 0 {
			rows = append(rows, styleRow{picture.Style(i + 1).String(), f.issued, f.right, f.wrong, percent(f.right, f.right+f.wrong),
				medianTitle(f.times[:])})
		}
	}
	return rows
}
