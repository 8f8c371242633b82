package recordings

// IMA ADPCM keeps a sample in four bits: the sign and size of its distance from the sample before, in steps that grow
// after a large distance and shrink after a small one. The two tables are the standard's.
var stepChanges = [8]int{-1, -1, -1, -1, 2, 4, 6, 8}

var stepSizes = [89]int{
	7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107, 118,
	130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963, 1060,
	1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132,
	7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
}

// adpcm is the state that encoder and decoder share. Every clip starts from the zero value, which suits a clip that
// begins in silence.
type adpcm struct {
	sample, step int
}

// next takes one code and returns the sample that it stands for.
func (a *adpcm) next(code byte) int16 {
	size := stepSizes[a.step]
	distance := size >> 3
	if code&4 != 0 {
		distance += size
	}
	if code&2 != 0 {
		distance += size >> 1
	}
	if code&1 != 0 {
		distance += size >> 2
	}
	if code&8 != 0 {
		distance = -distance
	}
	a.sample = min(max(a.sample+distance, -32768), 32767)
	a.step = min(max(a.step+stepChanges[code&7], 0), len(stepSizes)-1)
	return int16(a.sample)
}

// code returns the code that brings the state nearest to sample.
func (a *adpcm) code(sample int16) byte {
	distance, size := int(sample)-a.sample, stepSizes[a.step]
	code := byte(0)
	if distance < 0 {
		code, distance = 8, -distance
	}
	return code | byte(min(distance*4/size, 7))
}

// decode appends count samples to dst. Each byte of codes holds two, the first in its low half.
func decode(dst []int16, codes string, count int) []int16 {
	var state adpcm
	for i := range count {
		dst = append(dst, state.next(codes[i/2]>>(i%2*4)&15))
	}
	return dst
}

// encode is the inverse of decode, as nearly as four bits allow.
func encode(samples []int16) string {
	var state adpcm
	codes := make([]byte, (len(samples)+1)/2)
	for i, sample := range samples {
		code := state.code(sample)
		state.next(code)
		codes[i/2] |= code << (i % 2 * 4)
	}
	return string(codes)
}
