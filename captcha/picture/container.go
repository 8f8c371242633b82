package picture

import (
	"encoding/binary"
	"maps"
	"slices"

	"github.com/fibercaptcha/fibercaptcha/captcha/setting"
)

// A font file is a list of tables. Drawing needs few of them, but the parser refuses many a good font because of one of
// the others, because of a table's length, or because of its place. So the parser is given a file that is made for it.
// It has the font's own tables of outlines and characters. In place of the tables of metrics and names, which are not
// needed here, it has the shortest ones that the parser accepts.

// refuseFont returns the error for a font: what the file is, and what is accepted. Whoever knows the setting's name
// adds it.
func refuseFont(is, accepted string) *setting.Error {
	return &setting.Error{Value: is, Accepted: accepted}
}

// errTables is the error for a file that ends before its tables do, or whose tables contradict each other.
var errTables = refuseFont("cut short or damaged", "a whole TrueType or OpenType file")

// foreign has formats that can be recognised by their first bytes and can't be drawn, and what to do about them.
var foreign = []struct{ begins, name, cure string }{
	{"wOFF", "WOFF, a font packed for the web", "unpack it to .ttf or .otf, as fontTools does: TTFont(file), flavor = None, save"},
	{"wOF2", "WOFF 2, a font packed for the web", "unpack it to .ttf or .otf, as woff2_decompress does"},
	{"%!", "a PostScript Type 1 font", "convert it to OpenType (.otf), as FontForge does"},
	{"\x80\x01", "a PostScript Type 1 font", "convert it to OpenType (.otf), as FontForge does"},
	{"typ1", "a PostScript Type 1 font", "convert it to OpenType (.otf), as FontForge does"},
	{"\x00\x00\x01\x00", "a Mac resource (.dfont)", "take the TrueType font out of it, as FontForge does"},
	{"STARTFONT", "a bitmap font (BDF)", "take one with outlines"},
	{"\x01fcp", "a bitmap font (PCF)", "take one with outlines"},
	{"<", "a file of XML or SVG", "take the font's .ttf or .otf file"},
	{"PK\x03\x04", "a ZIP archive", "unpack it and take the .ttf or .otf file inside"},
	{"\x1f\x8b", "a file packed by gzip", "unpack it"},
	{"version https://git-lfs", "a pointer to a file in Git LFS", "fetch the file itself, with git lfs pull"},
}

// plainFont returns the font in a TrueType or OpenType file, or the first font of a collection, as a file of the tables
// that drawing needs.
func plainFont(data []byte) ([]byte, error) {
	for _, f := range foreign {
		if len(data) >= len(f.begins) && string(data[:len(f.begins)]) == f.begins {
			return nil, refuseFont(f.name, "TrueType or OpenType: "+f.cure)
		}
	}
	tables, err := tablesOf(data)
	if err != nil {
		return nil, err
	}
	maxp, head := tables["maxp"], tables["head"]
	if len(maxp) < 6 || len(head) < 54 || len(tables["cmap"]) < 4 {
		return nil, errTables
	}
	kept := map[string][]byte{"cmap": tables["cmap"], "head": head[:54]}
	glyphs, flavour := int(binary.BigEndian.Uint16(maxp[4:])), uint32(trueType)
	switch {
	case glyphs == 0:
		return nil, errTables
	case len(tables["CFF "]) > 0:
		flavour = openType
		kept["CFF "], kept["maxp"] = tables["CFF "], maxp[:6]
	case len(tables["glyf"]) > 0:
		size := 2 * (glyphs + 1)
		if binary.BigEndian.Uint16(head[50:]) != 0 {
			size *= 2
		}
		if len(tables["loca"]) < size || len(maxp) < 32 {
			return nil, errTables
		}
		kept["glyf"], kept["loca"], kept["maxp"] = tables["glyf"], tables["loca"][:size], maxp[:32]
	case len(tables["CFF2"]) > 0:
		return nil, refuseFont("a variable OpenType font with CFF2 outlines",
			"TrueType or OpenType with CFF outlines: make an instance of it, as fontTools' instancer does")
	default:
		return nil, refuseFont("a font of pictures, without outlines", "TrueType or OpenType with outlines")
	}
	kept["hhea"], kept["hmtx"] = make([]byte, 36), make([]byte, 4+2*(glyphs-1))
	kept["hhea"][35] = 1 // one width for all
	kept["OS/2"], kept["post"] = make([]byte, 96), make([]byte, 32)
	kept["OS/2"][1], kept["post"][1] = 2, 3 // the versions with heights and without names
	return assemble(flavour, kept), nil
}

// What a file of tables begins with.
const (
	trueType   = 0x00010000
	appleType  = 0x74727565 // "true"
	openType   = 0x4f54544f // "OTTO"
	collection = 0x74746366 // "ttcf"
)

func tablesOf(data []byte) (map[string][]byte, error) {
	const header, entry = 12, 16
	if len(data) < header+4 {
		return nil, refuseFont("no font", "TrueType or OpenType")
	}
	start := uint64(0)
	if binary.BigEndian.Uint32(data) == collection {
		start = uint64(binary.BigEndian.Uint32(data[header:]))
		if start+header > uint64(len(data)) {
			return nil, errTables
		}
	}
	directory := data[start:]
	switch binary.BigEndian.Uint32(directory) {
	case trueType, appleType, openType:
	default:
		return nil, refuseFont("no font, or a font of an unknown format", "TrueType or OpenType")
	}
	count := int(binary.BigEndian.Uint16(directory[4:]))
	if len(directory) < header+count*entry {
		return nil, errTables
	}
	tables := make(map[string][]byte)
	for i := range count {
		row := directory[header+i*entry:]
		offset, size := uint64(binary.BigEndian.Uint32(row[8:])), uint64(binary.BigEndian.Uint32(row[12:]))
		if offset > uint64(len(data)) {
			continue // Refused below if it is one that is needed.
		}
		// A table that ends after the file is cut short there, because some fonts count the padding of their last table.
		tables[string(row[:4])] = data[offset:min(offset+size, uint64(len(data)))]
	}
	return tables, nil
}

// assemble writes tables in order, each at a multiple of four bytes. Nothing reads the checksums, which stay zero.
func assemble(flavour uint32, tables map[string][]byte) []byte {
	be := binary.BigEndian
	file := be.AppendUint16(be.AppendUint32(nil, flavour), uint16(len(tables)))
	file = append(file, make([]byte, 6)...)
	at := len(file) + 16*len(tables)
	names := slices.Sorted(maps.Keys(tables))
	for _, name := range names {
		file = be.AppendUint32(append(file, name...), 0)
		file = be.AppendUint32(file, uint32(at))
		file = be.AppendUint32(file, uint32(len(tables[name])))
		at += (len(tables[name]) + 3) &^ 3
	}
	for _, name := range names {
		file = append(file, tables[name]...)
		for len(file)%4 != 0 {
			file = append(file, 0)
		}
	}
	return file
}
