package audio

import (
	"math"
	"testing"
)

// What a line sounds like is in the level of each frequency, which the echoes leave as it is. Its waves are no longer
// like the recording's, at any time. Otherwise, whoever lays the recordings upon a sound wave by wave would find them
// under babble that hides them from the ear.
func TestEchoesLeaveNothingButLevels(t *testing.T) {
	m := newMixer(3)
	const lines = 40
	var alikeWaves, levels float64
	for i := range lines {
		clip := &m.clips[(i*37)%len(m.clips)]
		said := silence(nil, clip.length()+echoTail)
		for b := range clip {
			band := m.unpack(&clip[b])
			reading{step: one, gain: one}.add(said, &band, 0, clip.length())
		}
		echoed := append([]int32(nil), said...)
		late := m.echo(echoed)

		piece := floats(echoed[len(echoed)/3:][:640]) // of 80 ms
		alikeWaves += alike(piece, floats(said)) / lines
		levels += power(echoed) / power(said) / lines
		if late < echoes*echoShort || late > echoes*echoLong {
			t.Errorf("a line came %d samples late", late)
		}
	}
	t.Logf("waves correlate by %.2f; the echoes have %.3f of the power", alikeWaves, levels)
	if alikeWaves > 0.8 { // 1 without echoes
		t.Error("the recordings are found wave by wave")
	}
	if math.Abs(levels-1) > 0.01 {
		t.Error("the echoes change how loud a line is")
	}
}

func power(samples []int32) (sum float64) {
	for _, s := range samples {
		sum += float64(s) * float64(s)
	}
	return sum
}
