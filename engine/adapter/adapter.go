// Package adapter changes a model without rewriting it: LoRA and its kin lie over
// the weights of layers, and textual inversions add words to what the text
// encoders know. Both are taken away again at once.
//
// The files are those of kohya's sd-scripts, of diffusers and PEFT, and of LyCORIS
// (LoCon, LoHa, LoKr), each also with DoRA's magnitudes.
package adapter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"darkroom/engine/checkpoint"
)

// The parts of a model that layers belong to, as diffusers names them.
const (
	UNet  = "unet"
	Text  = "text_encoder"
	Text2 = "text_encoder_2" // of Stable Diffusion XL
)

// Adapter is an open LoRA file.
type Adapter struct {
	Name string // the file's, without folder and suffix

	file    *checkpoint.File
	changes map[layer]*change
	unknown []string // tensors whose names say nothing
	config  config
}

// layer is a layer as files of every kind agree on it.
type layer struct{ part, name string } // name has _ for every dot

// config is what PEFT's adapter_config.json says, or diffusers in the metadata
// lora_adapter_metadata.
type config struct {
	Rank         int      `json:"r"`
	Alpha        *float64 `json:"lora_alpha"`
	OtherAlpha   *float64 `json:"alpha"` // LoHa's and LoKr's
	AlphaPattern patterns `json:"alpha_pattern"`
	RSLoRA       bool     `json:"use_rslora"`
}

// patterns is a number for layers whose names end so, in the file's order: the first
// that fits counts, as for PEFT, which would also take regular expressions.
type patterns []pattern

type pattern struct {
	end    string
	number float64
}

func (p *patterns) UnmarshalJSON(b []byte) error {
	var numbers map[string]float64
	if err := json.Unmarshal(b, &numbers); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	for { // what is decoded well as a map is braces, names and numbers
		token, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if end, ok := token.(string); ok {
			*p = append(*p, pattern{end, numbers[end]})
		}
	}
}

// of is the number of the layer that a tensor belongs to.
func (p patterns) of(tensor string) (number float64, ok bool) {
	m := tensorName.FindStringSubmatch(tensor)
	for _, pattern := range p {
		if m != nil && (m[1] == pattern.end || strings.HasSuffix(m[1], "."+pattern.end)) {
			return pattern.number, true
		}
	}
	return 0, false
}

// Open opens a LoRA file and sorts its tensors. They are read when it is applied,
// until Close.
func Open(path string) (*Adapter, error) {
	f, err := checkpoint.Open(path)
	if err != nil {
		return nil, err
	}
	base := filepath.Base(path)
	a := &Adapter{Name: strings.TrimSuffix(base, filepath.Ext(base)), file: f, changes: map[layer]*change{}}
	if err := a.configure(path); err != nil {
		f.Close()
		return nil, err
	}
	for _, key := range f.Names() {
		at, role, ok := parse(key)
		if !ok {
			a.unknown = append(a.unknown, key)
			continue
		}
		c := a.changes[at]
		if c == nil {
			c = &change{adapter: a, keys: map[string]string{}}
			a.changes[at] = c
		}
		c.keys[role] = key
	}
	if len(a.changes) == 0 {
		f.Close()
		return nil, fmt.Errorf("%s holds no LoRA: none of its %d tensors is named like one (lora_down, lora_A, hada_w1_a, lokr_w1, …); choose a LoRA's file",
			path, len(a.unknown))
	}
	return a, nil
}

// configure reads what stands beside the tensors.
func (a *Adapter) configure(path string) error {
	text, from := []byte(a.file.Metadata()["lora_adapter_metadata"]), path+": the metadata lora_adapter_metadata"
	if len(text) == 0 && strings.HasPrefix(filepath.Base(path), "adapter_model.") {
		from = filepath.Join(filepath.Dir(path), "adapter_config.json")
		var err error
		if text, err = os.ReadFile(from); err != nil {
			return nil // each rank is its own alpha then
		}
	}
	if len(text) == 0 {
		return nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return fmt.Errorf("%s is not the JSON it should be (%w): download the LoRA again", from, err)
	}
	plain := map[string]json.RawMessage{}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		name := key // diffusers puts the part before each name: those of the U-Net count for all
		for _, part := range []string{Text2, Text, UNet} {
			name = strings.TrimPrefix(name, part+".")
		}
		plain[name] = fields[key]
	}
	text, err := json.Marshal(plain)
	if err == nil {
		err = json.Unmarshal(text, &a.config)
	}
	if err != nil {
		return fmt.Errorf("%s: %w: download the LoRA again", from, err)
	}
	return nil
}

// Metadata is what the file says of itself, such as its trainer's settings.
func (a *Adapter) Metadata() map[string]string { return a.file.Metadata() }

// Close closes the file.
func (a *Adapter) Close() error { return a.file.Close() }
