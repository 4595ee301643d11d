package metadata

import (
	"bytes"
	"encoding/binary"
	"io"
)

// readWebP reads a WebP file (RFC 9649): RIFF, its length, WEBP, and chunks of
// four letters, a length (little-endian) and a body, padded to an even length.
func readWebP(r io.Reader) (texts []Text, err error) {
	if err := skip(r, 12); err != nil {
		return nil, cut(err)
	}
	head := make([]byte, 8)
	for len(texts) < maxTexts {
		switch _, err := io.ReadFull(r, head); {
		case err == io.EOF:
			return texts, nil
		case err != nil:
			return texts, cut(err)
		}
		kind, size := string(head[:4]), int64(binary.LittleEndian.Uint32(head[4:]))
		padding := size % 2
		if kind != "EXIF" && kind != "XMP " || size > MaxText {
			if err := skip(r, size+padding); err != nil {
				return texts, cut(err)
			}
			continue
		}
		body, err := read(r, size)
		if err != nil {
			return texts, err
		}
		if kind == "XMP " {
			texts = append(texts, readXMP(body)...)
		} else { // some programs put JPEG's prefix before it
			texts = append(texts, readEXIF(bytes.TrimPrefix(body, []byte(exifPrefix)))...)
		}
		if err := skip(r, padding); err != nil {
			return texts, cut(err)
		}
	}
	return texts, nil
}
