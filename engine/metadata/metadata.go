// Package metadata finds the texts that other programs keep beside the pixels
// of a picture, and puts texts there: the text chunks of PNG, and the EXIF and
// XMP of JPEG and WebP. It knows where a text is and how it is encoded, not
// what it means.
//
// Files are foreign: no length in them is trusted, and none is larger in memory
// than what was read.
package metadata

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"
)

// MaxText is the longest text that is read, also after decompression: a prompt
// of a hundred pages. A longer one is passed over.
const MaxText = 1 << 20

// maxTexts is how many texts of one file are read; no program writes as many.
const maxTexts = 64

// Text is one text of a picture. The key is the keyword of a PNG chunk, the
// name of an EXIF tag (UserComment, Make, …), the local name of an XMP property
// or Comment for the comment of a JPEG file.
type Text struct{ Key, Value string }

// ErrFormat says that a file is none of the formats that are read here.
var ErrFormat = errors.New("this is not a PNG, JPEG or WebP file")

// Read lists the texts of a PNG, JPEG or WebP file in their order, without
// looking at its pixels. The error is ErrFormat for another format. Of a damaged
// file the texts before the damage are returned with the error.
func Read(r io.Reader) ([]Text, error) {
	seekable, ok := r.(io.ReadSeeker)
	head := make([]byte, 12)
	n, err := io.ReadFull(r, head)
	if err != nil && cut(err) != errCut {
		return nil, err
	}
	head = head[:n]
	if ok {
		if _, err := seekable.Seek(int64(-n), io.SeekCurrent); err != nil {
			return nil, err
		}
	} else {
		r = bufio.NewReader(io.MultiReader(bytes.NewReader(head), r))
	}
	switch {
	case bytes.HasPrefix(head, []byte(Signature)):
		return readPNG(r)
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return readJPEG(r)
	case n == 12 && string(head[:4]) == "RIFF" && string(head[8:]) == "WEBP":
		return readWebP(r)
	}
	return nil, ErrFormat
}

// readPNG lists the texts of the chunks, and of an XMP packet what is in it.
func readPNG(r io.Reader) (texts []Text, err error) {
	err = ScanPNG(r, func(c Chunk) bool {
		if key, value, ok := c.Text(); ok {
			if key == "XML:com.adobe.xmp" {
				texts = append(texts, readXMP([]byte(value))...)
			} else {
				texts = append(texts, Text{key, value})
			}
		} else if c.Kind == "eXIf" {
			texts = append(texts, readEXIF(c.Body)...)
		}
		return len(texts) < maxTexts
	})
	return texts, err
}

// read reads n bytes, which a file claims to have; memory grows with what comes.
func read(r io.Reader, n int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, n))
	if err == nil && int64(len(b)) < n {
		err = errCut
	}
	return b, err
}

// plain is a text of unknown encoding: UTF-8 if it can be, else Latin-1.
func plain(b []byte) string {
	b = bytes.TrimRight(b, "\x00")
	if utf8.Valid(b) {
		return string(b)
	}
	return fromLatin1(b)
}
