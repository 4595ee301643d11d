package timeline

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/draw"
	"image/png"
	"io"
	"os"
)

// A run's file is the magic and then records, only ever added to: kind (1 byte),
// length of the body (4 bytes, little-endian), CRC-32C of kind, length and body (4
// bytes), body. A program that was killed leaves an incomplete record at the end,
// which counts for nothing.
const magic = "DARKRUN1"

const (
	infoRecord   = 'I' // Info in JSON; the first
	momentRecord = 'M'
	endRecord    = 'E' // End in JSON; a later one counts
	resumeRecord = 'R' // no body: what ended goes on
)

const recordHead = 9

// longest is more than any record has.
const longest = 1 << 30

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errEmpty says that a file has no complete record yet.
var errEmpty = errors.New("it has not begun")

// Moment is what there is after a step.
type Moment struct {
	Step    int         // steps done
	Level   float64     // the noise level σ that is left
	State   []byte      // all that going on needs, as the painter writes it
	Preview *image.RGBA // the denoised estimate as a picture, or nil
}

// momentHead stands before the state and the preview, a PNG that goes to the end.
type momentHead struct {
	Step  int     `json:"step"`
	Level float64 `json:"level"`
	State int     `json:"state"` // its length
}

// span is where a record's body is.
type span struct{ begin, end int64 }

// record puts a record together.
func record(kind byte, body []byte) ([]byte, error) {
	if len(body) > longest {
		return nil, fmt.Errorf("a step of %d bytes is too large to be kept", len(body))
	}
	b := append(make([]byte, 0, recordHead+len(body)), kind)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(body)))
	sum := crc32.Update(crc32.Checksum(b, castagnoli), castagnoli, body)
	b = binary.LittleEndian.AppendUint32(b, sum)
	return append(b, body...), nil
}

// encode is a moment's body.
func (m Moment) encode() ([]byte, error) {
	head, err := json.Marshal(momentHead{m.Step, m.Level, len(m.State)})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Write(head)
	b.WriteByte('\n')
	b.Write(m.State)
	if m.Preview != nil {
		encoder := png.Encoder{CompressionLevel: png.BestSpeed}
		if err := encoder.Encode(&b, m.Preview); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// readMoment reads the record whose body is at s.
func readMoment(f io.ReaderAt, s span) (Moment, error) {
	body, err := readBody(f, s)
	if err != nil {
		return Moment{}, err
	}
	first, rest, _ := bytes.Cut(body, []byte{'\n'})
	var head momentHead
	if err := json.Unmarshal(first, &head); err != nil {
		return Moment{}, fmt.Errorf("it is damaged (%w)", err)
	}
	if head.State < 0 || head.State > len(rest) {
		return Moment{}, fmt.Errorf("it is damaged (of %d bytes, %d are said to be the state)", len(rest), head.State)
	}
	m := Moment{Step: head.Step, Level: head.Level, State: rest[:head.State:head.State]}
	if picture := rest[head.State:]; len(picture) > 0 {
		img, err := png.Decode(bytes.NewReader(picture))
		if err != nil {
			return Moment{}, fmt.Errorf("its preview: %w", err)
		}
		m.Preview = image.NewRGBA(img.Bounds())
		draw.Draw(m.Preview, m.Preview.Rect, img, img.Bounds().Min, draw.Src)
	}
	return m, nil
}

// readBody reads a record and checks it.
func readBody(f io.ReaderAt, s span) ([]byte, error) {
	all := make([]byte, recordHead+s.end-s.begin)
	if _, err := f.ReadAt(all, s.begin-recordHead); err != nil {
		return nil, err
	}
	head, body := all[:5], all[recordHead:]
	if crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, body) != binary.LittleEndian.Uint32(all[5:]) {
		return nil, errors.New("it is damaged")
	}
	return body, nil
}

// scan reads what a run's file has, but for its steps, and returns where the last
// complete record ends.
func scan(f *os.File) (r Run, end int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return Run{}, 0, err
	}
	size := info.Size()
	begin := make([]byte, min(size, int64(len(magic))))
	if _, err := f.ReadAt(begin, 0); err != nil && err != io.EOF {
		return Run{}, 0, err
	}
	if !bytes.HasPrefix([]byte(magic), bytes.TrimRight(begin, "\x00")) {
		return Run{}, 0, errors.New("it is no file of steps")
	}
	begun := false
	at := int64(len(magic))
	for at+recordHead <= size {
		var head [recordHead]byte
		if _, err := f.ReadAt(head[:], at); err != nil {
			return Run{}, 0, err
		}
		body := span{at + recordHead, at + recordHead + int64(binary.LittleEndian.Uint32(head[1:]))}
		if body.end > size || body.end-body.begin > longest {
			break
		}
		// Steps are checked when they are read, but for the last: it may not have
		// been written to its end, and what follows then be zeros.
		torn := onlyZeros(f, body.end, size)
		if head[0] != momentRecord || torn {
			b, err := readBody(f, body)
			if err != nil && torn {
				break
			}
			if err == nil && begun == (head[0] == infoRecord) {
				err = errors.New("it is damaged: its records are in disorder")
			}
			switch {
			case err != nil:
			case head[0] == infoRecord:
				r.Info, err = parseInfo(b)
				begun = true
			case head[0] == endRecord:
				r.End = new(End)
				err = json.Unmarshal(b, r.End)
			case head[0] == resumeRecord:
				r.End = nil
			}
			if err != nil {
				return Run{}, 0, err
			}
		}
		if head[0] == momentRecord {
			r.moments = append(r.moments, body)
		}
		at = body.end
	}
	if !begun {
		return Run{}, 0, errEmpty
	}
	r.Steps, r.Size = r.ParentStep+len(r.moments), size
	return r, at, nil
}

// onlyZeros reports whether a file has nothing but zeros from some place on, as a
// power cut can leave it.
func onlyZeros(f io.ReaderAt, from, size int64) bool {
	if size-from > recordHead { // mostly: another record
		var some [recordHead]byte
		if _, err := f.ReadAt(some[:], from); err != nil || some != [recordHead]byte{} {
			return false
		}
	}
	rest, err := io.ReadAll(io.NewSectionReader(f, from, size-from))
	return err == nil && len(bytes.Trim(rest, "\x00")) == 0
}
