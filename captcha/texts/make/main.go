// Make packs the files with the form field's texts into one that the package captcha embeds. Run it in the folder
// captcha, as "go generate" does. It refuses files that lack a text or have one that the field does not know.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/fibercaptcha/fibercaptcha/captcha"
)

const folder = "texts"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "make:", err)
		os.Exit(1)
	}
}

func run() error {
	names, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return err
	}
	all := map[string]captcha.Texts{}
	for _, name := range names {
		texts, err := read(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		all[strings.TrimSuffix(filepath.Base(name), ".json")] = texts
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(all); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "texts.json.gz"), packed.Bytes(), 0o644)
}

func read(name string) (texts captcha.Texts, err error) {
	file, err := os.ReadFile(name)
	if err != nil {
		return texts, err
	}
	decoder := json.NewDecoder(bytes.NewReader(file))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&texts); err != nil {
		return texts, err
	}
	for field, value := range reflect.ValueOf(texts).Fields() {
		if value.String() == "" {
			return texts, fmt.Errorf("%s is missing", field.Name)
		}
	}
	return texts, nil
}
