package stats

import (
	"fmt"
	"slices"
	"time"
)

// The plots are SVG without a viewBox: horizontal lengths are in per cent of the width, vertical ones in pixels, so
// that bars grow with the window and letters do not.
const (
	plotHeight = 160 // of the tallest bar
	plotTop    = 18  // above it
	barShare   = 0.8 // of a bar's slot
)

// bar is a rectangle of a plot.
type bar struct {
	Class     string
	X, Width  float64 // per cent
	Y, Height float64 // pixels
}

// newBar returns the bar in slot i of n that stands on base and is value high, in a plot whose axis ends at most.
func newBar(class string, i, n, base, value, most int) bar {
	slot := 100 / float64(n)
	height := plotHeight * float64(value) / float64(most)
	return bar{
		Class:  class,
		X:      slot * (float64(i) + (1-barShare)/2),
		Width:  slot * barShare,
		Y:      plotTop + plotHeight*(1-float64(base)/float64(most)) - height,
		Height: height,
	}
}

// hourPlot shows the challenges of the last hour, minute by minute.
type hourPlot struct {
	Bars    []bar
	Most    int // where the axis ends
	Total   tally
	Minutes []minuteRow // those in which something happened
}

type minuteRow struct {
	At time.Time
	tally
}

func plotHour(minutes []minute) hourPlot {
	plot := hourPlot{Most: 1}
	for _, m := range minutes {
		plot.Most = max(plot.Most, m.Issued, m.Solved+m.Refused)
	}
	plot.Most = roundUp(plot.Most)
	for i, m := range minutes {
		if m.tally == (tally{}) {
			continue
		}
		for _, b := range []struct {
			class       string
			base, value int
		}{{"issued", 0, m.Issued}, {"solved", 0, m.Solved}, {"refused", m.Solved, m.Refused}} {
			if b.value > 0 {
				plot.Bars = append(plot.Bars, newBar(b.class, i, len(minutes), b.base, b.value, plot.Most))
			}
		}
		plot.Total.Issued += m.Issued
		plot.Total.Solved += m.Solved
		plot.Total.Refused += m.Refused
		plot.Minutes = append(plot.Minutes, minuteRow{time.Unix(m.number*60, 0).UTC(), m.tally})
	}
	return plot
}

// timePlot shows how long it took to solve challenges.
type timePlot struct {
	Bars   []bar
	Ticks  []tick
	Most   int // where the axis ends
	Counts []count
	Solved int
	Median string // the time class of the median
}

// tick marks where one class of times ends and the next begins. Its label is short enough for the narrowest window.
type tick struct {
	X       float64 // per cent
	Seconds int
}

func plotTimes(times []int) timePlot {
	plot := timePlot{Most: roundUp(slices.Max(times))}
	for i, n := range times {
		plot.Solved += n
		if n > 0 {
			plot.Bars = append(plot.Bars, newBar("solved", i, len(times), 0, n, plot.Most))
		}
		plot.Counts = append(plot.Counts, count{Title: timeTitle(i), N: n})
	}
	for i, bound := range timeBounds {
		plot.Ticks = append(plot.Ticks, tick{percent(i+1, len(times)), bound})
	}
	plot.Median = medianTitle(times)
	return plot
}

// medianTitle names the class of the median time, or is empty if there are no times.
func medianTitle(times []int) string {
	all, below := 0, 0
	for _, n := range times {
		all += n
	}
	for i, n := range times {
		if below += n; n > 0 && 2*below >= all {
			return timeTitle(i)
		}
	}
	return ""
}

// timeTitle names a class of times.
func timeTitle(i int) string {
	switch i {
	case 0:
		return fmt.Sprintf("less than %d seconds", timeBounds[0])
	case len(timeBounds):
		return fmt.Sprintf("%d seconds or more", timeBounds[i-1])
	default:
		return fmt.Sprintf("%d to %d seconds", timeBounds[i-1], timeBounds[i])
	}
}

// roundUp returns the next larger number that makes a good end of an axis.
func roundUp(n int) int {
	for power := 1; ; power *= 10 {
		for _, digit := range []int{1, 2, 3, 4, 5, 6, 8} {
			if digit*power >= n {
				return digit * power
			}
		}
	}
}
