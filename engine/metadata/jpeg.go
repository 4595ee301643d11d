package metadata

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"io"
)

// A JPEG file (ITU-T T.81) is a row of segments: 0xFF, a marker, the length of
// what follows with its own two bytes (big-endian), a body. EXIF and XMP are in
// segments APP1 that begin with these words; the pixels begin at SOS.
const (
	exifPrefix = "Exif\x00\x00"
	xmpPrefix  = "http://ns.adobe.com/xap/1.0/\x00"

	markerAPP1 = 0xe1
	markerCOM  = 0xfe
	markerSOS  = 0xda
	markerEOI  = 0xd9
)

func readJPEG(r io.Reader) (texts []Text, err error) {
	if err := skip(r, 2); err != nil { // SOI
		return nil, cut(err)
	}
	var head [4]byte
	for len(texts) < maxTexts {
		if _, err := io.ReadFull(r, head[:1]); err != nil {
			return texts, cut(err)
		}
		for head[1] = 0xff; head[1] == 0xff; { // fill bytes may come before a marker
			if _, err := io.ReadFull(r, head[1:2]); err != nil {
				return texts, cut(err)
			}
		}
		marker := head[1]
		switch {
		case head[0] != 0xff:
			return texts, fmt.Errorf("a segment of the JPEG file begins with %#x: the file is damaged", head[0])
		case marker == markerSOS || marker == markerEOI:
			return texts, nil
		case marker == 0x01 || marker >= 0xd0 && marker <= 0xd7: // stand alone
			continue
		}
		if _, err := io.ReadFull(r, head[2:]); err != nil {
			return texts, cut(err)
		}
		n := int64(binary.BigEndian.Uint16(head[2:])) - 2
		switch {
		case n < 0:
			return texts, fmt.Errorf("a segment of the JPEG file is %d bytes long: the file is damaged", n+2)
		case marker != markerAPP1 && marker != markerCOM:
			if err := skip(r, n); err != nil {
				return texts, cut(err)
			}
			continue
		}
		body, err := read(r, n)
		if err != nil {
			return texts, err
		}
		if tiff, ok := bytes.CutPrefix(body, []byte(exifPrefix)); ok && marker == markerAPP1 {
			texts = append(texts, readEXIF(tiff)...)
		} else if packet, ok := bytes.CutPrefix(body, []byte(xmpPrefix)); ok && marker == markerAPP1 {
			texts = append(texts, readXMP(packet)...)
		} else if marker == markerCOM {
			texts = append(texts, Text{"Comment", plain(body)})
		}
	}
	return texts, nil
}

// quality of a JPEG file that is written, of 100: no artefact is seen at it.
const quality = 95

// WriteJPEG writes a picture with a comment for other programs, in the EXIF
// property UserComment, and one property of its own in XMP.
func WriteJPEG(w io.Writer, img image.Image, comment string, own Text) error {
	var picture bytes.Buffer
	if err := jpeg.Encode(&picture, img, &jpeg.Options{Quality: quality}); err != nil {
		return err
	}
	file := append([]byte(nil), picture.Next(2)...) // SOI
	for _, body := range [][]byte{
		append([]byte(exifPrefix), writeEXIF(comment)...),
		append([]byte(xmpPrefix), writeXMP(own)...),
	} {
		if len(body) > 0xffff-2 {
			return fmt.Errorf("a text of %d bytes does not fit into a JPEG file, which takes %d: save as PNG, or shorten the prompt", len(body), 0xffff-2)
		}
		file = append(file, 0xff, markerAPP1)
		file = binary.BigEndian.AppendUint16(file, uint16(len(body)+2))
		file = append(file, body...)
	}
	if _, err := w.Write(file); err != nil {
		return err
	}
	_, err := w.Write(picture.Bytes())
	return err
}
