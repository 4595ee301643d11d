package gallery

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"darkroom/engine/metadata"
)

// The keywords of the texts in a PNG that say what a person thinks of it: marks
// as JSON, and what there was before them, a text that is there when the picture
// is a favourite.
const (
	marksKey     = "darkroom marks"
	favouriteKey = "darkroom favourite"
)

// Limits of Marks.
const (
	MaxRating = 5
	maxLabels = 100 // tags of one picture, and collections
	maxLabel  = 100 // bytes of a tag's or a collection's name
)

// Marks is what is known of a kept picture beside its recipe. Its JSON form is
// kept inside the PNG.
type Marks struct {
	Kept        time.Time `json:"kept,omitzero"` // when it was kept first
	Favourite   bool      `json:"favourite,omitempty"`
	Rating      int       `json:"rating,omitempty"` // 1 to MaxRating; 0 is none
	Tags        []string  `json:"tags,omitempty"`   // sorted
	Collections []string  `json:"collections,omitempty"`
	Lineage
}

// How a picture came from its parent.
const (
	Branch    = "branch"    // the denoising went on from a step of the parent's
	Variation = "variation" // the parent's noise, turned towards another's
	Reseed    = "re-seed"   // the same recipe, another seed
)

// Lineage says which picture of the gallery another one came from.
type Lineage struct {
	Parent string `json:"parent,omitempty"` // its ID; "" for none
	Step   int    `json:"step,omitempty"`   // of the parent, where it branched off
	How    string `json:"how,omitempty"`    // Branch, Variation or Reseed
}

// check tidies m up and says what can't be kept.
func (m *Marks) check() error {
	m.Tags, m.Collections = labels(m.Tags), labels(m.Collections)
	switch {
	case m.Rating < 0 || m.Rating > MaxRating:
		return fmt.Errorf("a rating of %d: choose a number from 0 (none) to %d", m.Rating, MaxRating)
	case len(m.Tags) > maxLabels || len(m.Collections) > maxLabels:
		return fmt.Errorf("a picture takes %d tags and as many collections: take some away", maxLabels)
	}
	for _, l := range slices.Concat(m.Tags, m.Collections) {
		if len(l) > maxLabel {
			return fmt.Errorf("the name %.20q… is longer than %d bytes: shorten it", l, maxLabel)
		}
	}
	if m.Lineage == (Lineage{}) {
		return nil
	}
	if _, ok := number(m.Parent); !ok {
		return fmt.Errorf("%q is no picture that another one can come from", m.Parent)
	}
	if m.Step < 0 || !slices.Contains([]string{Branch, Variation, Reseed}, m.How) {
		return fmt.Errorf("a picture comes from another by %s, %s or %s, and from step 0 or later, not by %q from step %d", Branch, Variation, Reseed, m.How, m.Step)
	}
	return nil
}

// labels sorts names and leaves out what is twice, or blank; nil for none.
func labels(names []string) []string {
	var tidy []string
	for _, name := range names {
		if name = strings.Join(strings.Fields(strings.ToValidUTF8(name, "")), " "); name != "" {
			tidy = append(tidy, name)
		}
	}
	slices.Sort(tidy)
	return slices.Compact(tidy)
}

// chunk appends the marks as a PNG's chunk; nothing for no marks.
func (m Marks) chunk(file []byte) ([]byte, error) {
	if reflect.DeepEqual(m, Marks{}) {
		return file, nil
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		return nil, errors.New("the marks are no text")
	}
	return metadata.UnicodeChunk(marksKey, string(text)).Append(file), nil
}

// read takes over what a text of a PNG says; marks that make no sense are as good
// as none, and don't cost the picture.
func (m *Marks) read(key, text string) {
	switch key {
	case favouriteKey:
		m.Favourite = true
	case marksKey:
		var found Marks
		if json.Unmarshal([]byte(text), &found) == nil && found.check() == nil {
			*m = found
		}
	}
}

// splitMarks takes the marks out of a PNG and splits it after its first chunk,
// where marks may be put.
func splitMarks(file []byte) (head, rest []byte, m Marks, err error) {
	at := int64(len(metadata.Signature))
	// A Buffer can't seek, so the scan finds every chunk to be complete.
	err = metadata.ScanPNG(bytes.NewBuffer(file), func(c metadata.Chunk) bool {
		begin := at
		at += c.Size
		switch key, text, _ := c.Text(); {
		case head == nil:
			head = file[:at:at]
		case key == marksKey || key == favouriteKey:
			m.read(key, text)
		default:
			rest = append(rest, file[begin:at]...)
		}
		return true
	})
	return head, rest, m, err
}
