package audio

// Each line is said in a small room of its own, which the ear takes no notice of and which leaves nothing of the
// recordings' waves to compare with: twice M. R. Schroeder's all-pass ("Natural Sounding Artificial Reverberation",
// 1962), whose echoes turn the phase of every frequency and leave its level as it was.
const (
	echoes              = 2      // all-passes, one after the other
	echoShort, echoLong = 12, 50 // samples from an echo to the next: 1.5 to 6.2 ms
	echoSoft, echoLoud  = 40, 60 // per cent of the echo before
	echoTail            = 400    // samples until they have died away
)

// echo adds a room's echoes to a line, and returns how many samples later that makes it as a whole.
func (m *mixer) echo(line []int32) (late int) {
	for range echoes {
		delay := m.between(echoShort, echoLong)
		gain := int64(m.between(one*echoSoft/100, one*echoLoud/100))
		if m.IntN(2) == 0 {
			gain = -gain
		}
		before, after := line[:len(line)-delay], line[delay:]
		for i, v := range before[:len(after)] {
			after[i] += int32(gain * int64(v) >> 16)
		}
		for i := len(after) - 1; i >= 0; i-- {
			after[i] = before[i] - int32(gain*int64(after[i])>>16)
		}
		for i, v := range line[:delay] {
			line[i] = -int32(gain * int64(v) >> 16)
		}
		late += delay
	}
	return late
}
