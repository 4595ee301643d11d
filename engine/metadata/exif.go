package metadata

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// EXIF (CIPA DC-008) is a TIFF file: II or MM for the order of bytes, 42, the
// offset of a directory. A directory is a count, entries of 12 bytes (tag, type,
// count, value or its offset) and the offset of the next one. Text is of type 2
// (ASCII) or 7 (undefined); one byte each.
const (
	tagExifDirectory = 0x8769
	tagUserComment   = 0x9286
)

// textTags are the tags that hold texts which programs use for recipes.
var textTags = map[uint16]string{
	0x010e:         "ImageDescription",
	0x010f:         "Make",
	0x0110:         "Model",
	0x0131:         "Software",
	0x927c:         "MakerNote",
	tagUserComment: "UserComment",
}

// tiff is an EXIF block that is being read.
type tiff struct {
	b     []byte
	order binary.ByteOrder
	texts []Text
}

// readEXIF lists the texts of an EXIF block. What is damaged is passed over.
func readEXIF(b []byte) []Text {
	t := &tiff{b: b}
	switch {
	case len(b) < 8:
		return nil
	case string(b[:4]) == "II*\x00":
		t.order = binary.LittleEndian
	case string(b[:4]) == "MM\x00*":
		t.order = binary.BigEndian
	default:
		return nil
	}
	t.directory(t.order.Uint32(b[4:]), true)
	return t.texts
}

// directory reads the directory at an offset; the first one may point to one
// other, that of EXIF proper.
func (t *tiff) directory(at uint32, first bool) {
	if uint64(at)+2 > uint64(len(t.b)) {
		return
	}
	entries := t.b[at+2:]
	for range t.order.Uint16(t.b[at:]) {
		if len(entries) < 12 || len(t.texts) >= maxTexts {
			return
		}
		e := entries[:12]
		entries = entries[12:]
		tag, kind, count := t.order.Uint16(e), t.order.Uint16(e[2:]), t.order.Uint32(e[4:])
		if tag == tagExifDirectory && first {
			t.directory(t.order.Uint32(e[8:]), false)
			continue
		}
		name, ok := textTags[tag]
		if !ok || kind != 1 && kind != 2 && kind != 7 || count > MaxText {
			continue
		}
		value := e[8:]
		if count <= 4 {
			value = value[:count]
		} else if from := uint64(t.order.Uint32(value)); from+uint64(count) <= uint64(len(t.b)) {
			value = t.b[from : from+uint64(count)]
		} else {
			continue
		}
		text := plain(value)
		if tag == tagUserComment {
			text = userComment(value)
		}
		if text != "" {
			t.texts = append(t.texts, Text{name, text})
		}
	}
}

// userComment reads a comment that begins with eight bytes about its encoding;
// some programs leave them away.
func userComment(b []byte) string {
	if len(b) >= 8 {
		switch string(b[:8]) {
		case "UNICODE\x00":
			return fromUTF16(b[8:])
		case "ASCII\x00\x00\x00", "\x00\x00\x00\x00\x00\x00\x00\x00":
			return plain(b[8:])
		}
	}
	return plain(b)
}

// fromUTF16 reads UTF-16 of either order of bytes. The standard means the order
// of the file, the web UI writes the most significant byte first whatever that
// is, and others the least; so the text itself decides: of the ASCII characters
// every recipe has, one byte is 0.
func fromUTF16(b []byte) string {
	b = b[:len(b)&^1]
	var order binary.ByteOrder = binary.BigEndian
	switch {
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		b = b[2:]
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}):
		b, order = b[2:], binary.LittleEndian
	default:
		zeros := [2]int{}
		for i, c := range b {
			if c == 0 {
				zeros[i%2]++
			}
		}
		if zeros[1] > zeros[0] {
			order = binary.LittleEndian
		}
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	for len(units) > 0 && units[len(units)-1] == 0 {
		units = units[:len(units)-1]
	}
	return string(utf16.Decode(units))
}

// writeEXIF is an EXIF block with the property UserComment alone, as the web UI
// writes it.
func writeEXIF(comment string) []byte {
	if !utf8.ValidString(comment) {
		comment = string([]rune(comment))
	}
	value := []byte("UNICODE\x00")
	for _, u := range utf16.Encode([]rune(comment)) {
		value = binary.BigEndian.AppendUint16(value, u)
	}
	const main, exif, data = 8, 8 + 18, 8 + 2*18 // where the two directories and the value are
	b := []byte("MM\x00*")
	u16 := func(v ...uint16) {
		for _, v := range v {
			b = binary.BigEndian.AppendUint16(b, v)
		}
	}
	u32 := func(v ...uint32) {
		for _, v := range v {
			b = binary.BigEndian.AppendUint32(b, v)
		}
	}
	u32(main)
	u16(1, tagExifDirectory, 4)
	u32(1, exif, 0) // one number of 32 bits; no next directory
	u16(1, tagUserComment, 7)
	u32(uint32(len(value)), data, 0)
	return append(b, value...)
}
