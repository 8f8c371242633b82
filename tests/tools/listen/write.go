package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"github.com/fibercaptcha/fibercaptcha/captcha/audio/recordings"
)

// write leaves what an attacker has for programs in other languages: the recordings as voice-kind-sign.pcm of 16-bit
// samples, challenges as 00000.wav, and their answers.
func (c challenges) write(folder string, first uint64, count int) error {
	clips, err := recordings.Open(c.language)
	if err != nil {
		return err
	}
	for _, clip := range clips {
		var pcm []byte
		for _, sample := range clip.Append(nil) {
			pcm = binary.LittleEndian.AppendUint16(pcm, uint16(sample))
		}
		name := fmt.Sprintf("%d-%d-%04x.pcm", clip.Voice, clip.Kind, clip.Sign)
		if err := os.WriteFile(filepath.Join(folder, name), pcm, 0o644); err != nil {
			return err
		}
	}
	answers := ""
	for i := range count {
		text, wav, err := c.wav(first + uint64(i))
		if err != nil {
			return err
		}
		answers += text + "\n"
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%05d.wav", i)), wav, 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(folder, "answers.txt"), []byte(answers), 0o644)
}
