package metadata

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// Signature begins a PNG file. A PNG file (ISO/IEC 15948) is a signature and a row of chunks: length (4
// bytes, big-endian), type (4 letters), body, CRC-32 of type and body. Text is
// in tEXt (Latin-1), zTXt (the same, compressed) and iTXt (UTF-8) chunks.
const Signature = "\x89PNG\r\n\x1a\n"

// HeaderSize is the length of the signature and the chunk IHDR, which is always first.
const HeaderSize = len(Signature) + 12 + 13

// Chunk is one chunk of a PNG file; Body is nil when ScanPNG passed it over.
type Chunk struct {
	Kind string
	Body []byte
	Size int64 // in the file, with length, type and check sum
}

// NewChunk is a chunk of four letters and a body.
func NewChunk(kind string, body []byte) Chunk {
	return Chunk{kind, body, int64(12 + len(body))}
}

// Append appends the chunk as it is in a file.
func (c Chunk) Append(file []byte) []byte {
	file = binary.BigEndian.AppendUint32(file, uint32(len(c.Body)))
	begin := len(file)
	file = append(append(file, c.Kind...), c.Body...)
	return binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(file[begin:]))
}

// TextChunk holds a text under a keyword, as tEXt when Latin-1 suffices and
// else as iTXt, which is what other programs do with the same keywords.
func TextChunk(keyword, text string) Chunk {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", " ")
	latin := append([]byte(keyword), 0)
	for _, r := range text {
		if r > 0xff {
			return UnicodeChunk(keyword, text)
		}
		latin = append(latin, byte(r))
	}
	if plain(latin[len(keyword)+1:]) != text { // Latin-1 that reads as UTF-8
		return UnicodeChunk(keyword, text)
	}
	return NewChunk("tEXt", latin)
}

// UnicodeChunk holds a text as iTXt: keyword, 0, not compressed, method 0, no
// language, 0, no translated keyword, 0, text.
func UnicodeChunk(keyword, text string) Chunk {
	return NewChunk("iTXt", []byte(keyword+"\x00\x00\x00\x00\x00"+text))
}

// Text reads a text chunk; false when it is another kind of chunk, or damaged.
func (c Chunk) Text() (keyword, text string, ok bool) {
	key, rest, ok := bytes.Cut(c.Body, []byte{0})
	if !ok {
		return "", "", false
	}
	switch c.Kind {
	case "tEXt":
		return string(key), plain(rest), true // some programs write UTF-8 here
	case "zTXt":
		if len(rest) < 1 || rest[0] != 0 { // the method
			return "", "", false
		}
		text, ok := inflate(rest[1:])
		return string(key), plain(text), ok
	case "iTXt":
		if len(rest) < 2 {
			return "", "", false
		}
		packed, method := rest[0], rest[1]
		_, rest, ok = bytes.Cut(rest[2:], []byte{0}) // language
		if ok {
			_, rest, ok = bytes.Cut(rest, []byte{0}) // translated keyword
		}
		switch {
		case !ok:
			return "", "", false
		case packed == 0:
		case packed == 1 && method == 0:
			rest, ok = inflate(rest)
		default:
			return "", "", false
		}
		return string(key), string(rest), ok && utf8.Valid(rest)
	}
	return "", "", false
}

func fromLatin1(b []byte) string {
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}

// inflate unpacks a text; false when it is damaged or too long.
func inflate(b []byte) ([]byte, bool) {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, false
	}
	text, err := io.ReadAll(io.LimitReader(z, MaxText+1))
	return text, err == nil && len(text) <= MaxText
}

var errCut = errors.New("the file ends too early: it was cut short")

// ScanPNG calls see for every chunk in order, up to IEND, until see returns false.
// Only the bodies of text chunks are read; a file is skipped through.
func ScanPNG(r io.Reader, see func(Chunk) bool) error {
	head := make([]byte, 8)
	switch _, err := io.ReadFull(r, head); {
	case err != nil && cut(err) != errCut:
		return err
	case string(head) != Signature:
		return errors.New("this is not a PNG file")
	}
	for {
		if _, err := io.ReadFull(r, head); err != nil {
			return cut(err)
		}
		length := int64(binary.BigEndian.Uint32(head))
		c := Chunk{Kind: string(head[4:]), Size: length + 12}
		if length > math.MaxInt32 {
			return fmt.Errorf("chunk %q claims to be %d bytes long: the file is damaged", c.Kind, length)
		}
		if isText := c.Kind == "tEXt" || c.Kind == "zTXt" || c.Kind == "iTXt" || c.Kind == "eXIf"; isText && length <= MaxText {
			var err error
			if c.Body, err = readBody(r, c.Kind, int(length)); err != nil {
				return err
			}
		} else if err := skip(r, length+4); err != nil {
			return cut(err)
		}
		if !see(c) || c.Kind == "IEND" {
			return nil
		}
	}
}

func readBody(r io.Reader, kind string, length int) ([]byte, error) {
	b := make([]byte, length+4)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, cut(err)
	}
	body := b[:length:length]
	if crc32.Update(crc32.ChecksumIEEE([]byte(kind)), crc32.IEEETable, body) != binary.BigEndian.Uint32(b[length:]) {
		return nil, fmt.Errorf("the check sum of chunk %q is wrong: the file is damaged", kind)
	}
	return body, nil
}

func skip(r io.Reader, n int64) error {
	if s, ok := r.(io.Seeker); ok {
		_, err := s.Seek(n, io.SeekCurrent)
		return err
	}
	_, err := io.CopyN(io.Discard, r, n)
	return err
}

// cut says in words that the end of the file came too soon.
func cut(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errCut
	}
	return err
}
