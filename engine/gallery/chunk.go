package gallery

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

// A PNG file (ISO/IEC 15948) is a signature and a row of chunks: length (4
// bytes, big-endian), type (4 letters), body, CRC-32 of type and body. Text is
// in tEXt (Latin-1), zTXt (the same, compressed) and iTXt (UTF-8) chunks.
const signature = "\x89PNG\r\n\x1a\n"

// headerSize is the length of the signature and the chunk IHDR, which is always first.
const headerSize = len(signature) + 12 + 13

// maxText is the longest text that is read, also after decompression: a prompt
// of a hundred pages. A longer one is passed over.
const maxText = 1 << 20

// chunk is one chunk of a file; body is nil when scan passed it over.
type chunk struct {
	kind string
	body []byte
	size int64 // in the file, with length, type and check sum
}

func newChunk(kind string, body []byte) chunk {
	return chunk{kind, body, int64(12 + len(body))}
}

func (c chunk) write(b *bytes.Buffer) {
	b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(c.body))))
	begin := b.Len()
	b.WriteString(c.kind)
	b.Write(c.body)
	b.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(b.Bytes()[begin:])))
}

// textChunk holds a text under a keyword, as tEXt when Latin-1 suffices and
// else as iTXt, which is what other programs do with the same keywords.
func textChunk(keyword, text string) chunk {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", " ")
	latin := append([]byte(keyword), 0)
	for _, r := range text {
		if r > 0xff {
			return unicodeChunk(keyword, text)
		}
		latin = append(latin, byte(r))
	}
	return newChunk("tEXt", latin)
}

// unicodeChunk holds a text as iTXt: keyword, 0, not compressed, method 0, no
// language, 0, no translated keyword, 0, text.
func unicodeChunk(keyword, text string) chunk {
	return newChunk("iTXt", []byte(keyword+"\x00\x00\x00\x00\x00"+text))
}

// text reads a text chunk; false when it is another kind of chunk, or damaged.
func (c chunk) text() (keyword, text string, ok bool) {
	key, rest, ok := bytes.Cut(c.body, []byte{0})
	if !ok {
		return "", "", false
	}
	switch c.kind {
	case "tEXt":
		return string(key), fromLatin1(rest), true
	case "zTXt":
		if len(rest) < 1 || rest[0] != 0 { // the method
			return "", "", false
		}
		plain, ok := inflate(rest[1:])
		return string(key), fromLatin1(plain), ok
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
	plain, err := io.ReadAll(io.LimitReader(z, maxText+1))
	return plain, err == nil && len(plain) <= maxText
}

var errCut = errors.New("the file ends too early: it was cut short")

// scan calls see for every chunk in order, up to IEND, until see returns false.
// Only the bodies of text chunks are read; a file is skipped through.
func scan(r io.Reader, see func(chunk) bool) error {
	head := make([]byte, 8)
	switch _, err := io.ReadFull(r, head); {
	case err != nil && cut(err) != errCut:
		return err
	case string(head) != signature:
		return errors.New("this is not a PNG file, and only those hold recipes")
	}
	for {
		if _, err := io.ReadFull(r, head); err != nil {
			return cut(err)
		}
		length := int64(binary.BigEndian.Uint32(head))
		c := chunk{kind: string(head[4:]), size: length + 12}
		if length > math.MaxInt32 {
			return fmt.Errorf("chunk %q claims to be %d bytes long: the file is damaged", c.kind, length)
		}
		if isText := c.kind == "tEXt" || c.kind == "zTXt" || c.kind == "iTXt"; isText && length <= maxText {
			var err error
			if c.body, err = readBody(r, c.kind, int(length)); err != nil {
				return err
			}
		} else if err := skip(r, length+4); err != nil {
			return cut(err)
		}
		if !see(c) || c.kind == "IEND" {
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
