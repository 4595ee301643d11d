package checkpoint

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Home is where a whole model in one file keeps a part, and how it names it.
type Home struct {
	Prefix   string
	OpenCLIP bool // a text encoder is named as OpenCLIP does
}

// LDM lists the tensors of a part, of those that File.Parts and File.Only give, as a
// single file of latent-diffusion (LDM) has them, which every program reads. dtype is
// as for Stream.
func (f *File) LDM(part Part, home Home, dtype DType) ([]Stream, error) {
	rename := func(name string) string { return name }
	switch {
	case part == UNet:
		rename = f.UNetLDM()
	case part == VAE:
		rename = f.vaeLDM()
	case home.OpenCLIP:
		return f.openCLIP(home.Prefix, dtype)
	}
	var list []Stream
	for _, name := range f.names {
		s, err := f.Stream(name, home.Prefix+rename(name), dtype)
		if err != nil {
			return nil, err
		}
		if part == VAE && strings.Contains(name, ".mid_block.attentions.") && len(s.Shape) == 2 {
			s.Shape = append(s.Shape, 1, 1) // LDM has convolutions there
		}
		list = append(list, s)
	}
	return list, nil
}

// inverted swaps the pairs.
func inverted(pairs [][2]string) [][2]string {
	var out [][2]string
	for _, p := range pairs {
		out = append(out, [2]string{p[1], p[0]})
	}
	return out
}

// place is where a tensor is in diffusers' order, as in
// down_blocks.<block>.<kind>.<layer>.<rest>.
type place struct {
	half, kind, rest string
	block, layer     int
}

func placeOf(name string) (p place, ok bool) {
	if rest, mid := strings.CutPrefix(name, "mid_block."); mid {
		name = "mid_block.0." + rest
	}
	parts := strings.SplitN(name, ".", 5)
	if len(parts) < 5 {
		return p, false
	}
	block, err := strconv.Atoi(parts[1])
	layer, err2 := strconv.Atoi(parts[3])
	return place{parts[0], parts[2], parts[4], block, layer}, err == nil && err2 == nil
}

// count is how many numbered things there are whose name is pattern.
func (f *File) count(pattern string) int {
	n := 0
	for f.Has(fmt.Sprintf(pattern, n)) {
		n++
	}
	return n
}

// UNetLDM gives LDM's names for diffusers' of the tensors of a U-Net, f; they count
// the blocks of all levels through.
func (f *File) UNetLDM() func(string) string {
	down, up := []int{1}, []int{0} // the first block of each level
	for i := range f.count("down_blocks.%d.resnets.0.conv1.weight") {
		n := f.count(fmt.Sprintf("down_blocks.%d.resnets.", i) + "%d.conv1.weight")
		if f.Has(fmt.Sprintf("down_blocks.%d.downsamplers.0.conv.weight", i)) {
			n++
		}
		down = append(down, down[i]+n)
	}
	for i := range f.count("up_blocks.%d.resnets.0.conv1.weight") {
		up = append(up, up[i]+f.count(fmt.Sprintf("up_blocks.%d.resnets.", i)+"%d.conv1.weight"))
	}
	middle := f.Has("mid_block.attentions.0.norm.weight")
	ends, resnet := inverted(unetEnds), inverted(resnetNames)
	return func(name string) string {
		if end, ok := replacePrefix(name, ends); ok {
			return end
		}
		p, ok := placeOf(name)
		if !ok || p.half == "down_blocks" && p.block >= len(down)-1 || p.half == "up_blocks" && p.block >= len(up)-1 {
			return name
		}
		if p.kind == "resnets" {
			p.rest, _ = replacePrefix(p.rest, resnet)
		}
		switch p.half + "/" + p.kind {
		case "down_blocks/resnets":
			return fmt.Sprintf("input_blocks.%d.0.%s", down[p.block]+p.layer, p.rest)
		case "down_blocks/attentions":
			return fmt.Sprintf("input_blocks.%d.1.%s", down[p.block]+p.layer, p.rest)
		case "down_blocks/downsamplers":
			return fmt.Sprintf("input_blocks.%d.0.op.%s", down[p.block+1]-1, strings.TrimPrefix(p.rest, "conv."))
		case "mid_block/resnets":
			if p.layer == 1 && middle {
				p.layer = 2
			}
			return fmt.Sprintf("middle_block.%d.%s", p.layer, p.rest)
		case "mid_block/attentions":
			return "middle_block.1." + p.rest
		case "up_blocks/resnets":
			return fmt.Sprintf("output_blocks.%d.0.%s", up[p.block]+p.layer, p.rest)
		case "up_blocks/attentions":
			return fmt.Sprintf("output_blocks.%d.1.%s", up[p.block]+p.layer, p.rest)
		case "up_blocks/upsamplers":
			last, layer := up[p.block+1]-1, 1
			if f.Has(fmt.Sprintf("up_blocks.%d.attentions.%d.norm.weight", p.block, last-up[p.block])) {
				layer = 2 // behind the attention
			}
			return fmt.Sprintf("output_blocks.%d.%d.%s", last, layer, p.rest)
		}
		return name
	}
}

// vaeLDM gives LDM's names for diffusers'.
func (f *File) vaeLDM() func(string) string {
	levels := f.count("decoder.up_blocks.%d.resnets.0.conv1.weight")
	attention := inverted(attentionNames[:5])
	return func(name string) string {
		half, rest, _ := strings.Cut(name, ".")
		if end, ok := strings.CutPrefix(rest, "conv_norm_out."); ok {
			return half + ".norm_out." + end
		}
		p, ok := placeOf(rest)
		if !ok {
			return name
		}
		rest = strings.Replace(p.rest, "conv_shortcut.", "nin_shortcut.", 1)
		switch p.half + "/" + p.kind {
		case "down_blocks/resnets":
			return fmt.Sprintf("%s.down.%d.block.%d.%s", half, p.block, p.layer, rest)
		case "down_blocks/downsamplers":
			return fmt.Sprintf("%s.down.%d.downsample.%s", half, p.block, rest)
		case "up_blocks/resnets":
			return fmt.Sprintf("%s.up.%d.block.%d.%s", half, levels-1-p.block, p.layer, rest)
		case "up_blocks/upsamplers":
			return fmt.Sprintf("%s.up.%d.upsample.%s", half, levels-1-p.block, rest)
		case "mid_block/resnets":
			return fmt.Sprintf("%s.mid.block_%d.%s", half, p.layer+1, rest)
		case "mid_block/attentions":
			rest, _ = replacePrefix(rest, attention)
			return half + ".mid.attn_1." + rest
		}
		return name
	}
}

// openCLIP lists a text encoder's tensors as OpenCLIP has them: queries, keys and
// values in one, and the projection the other way round.
func (f *File) openCLIP(prefix string, dtype DType) ([]Stream, error) {
	ends := map[string]string{}
	for theirs, ours := range openCLIPEnds {
		ends[ours] = theirs
	}
	layer := inverted(openCLIPLayer)
	var list []Stream
	for _, name := range f.names {
		as, end := ends[name]
		rest, inLayer := strings.CutPrefix(name, "text_model.encoder.layers.")
		number, rest, _ := strings.Cut(rest, ".")
		block := prefix + "transformer.resblocks." + number + "."
		rest, known := replacePrefix(rest, layer)
		kind, query := strings.CutPrefix(rest, "self_attn.q_proj.")
		switch {
		case end && as == "text_projection":
			turned, ok := f.tensors[name].transposed()
			if !ok {
				return nil, fmt.Errorf("%s: tensor %q is no matrix", f.name, name)
			}
			view := *f
			view.tensors = map[string]entry{name: turned}
			s, err := view.Stream(name, prefix+as, dtype)
			if err != nil {
				return nil, err
			}
			list = append(list, s)
		case end:
			s, err := f.Stream(name, prefix+as, dtype)
			if err != nil {
				return nil, err
			}
			list = append(list, s)
		case inLayer && known:
			s, err := f.Stream(name, block+rest, dtype)
			if err != nil {
				return nil, err
			}
			list = append(list, s)
		case inLayer && query:
			s, err := f.joined(block+"attn.in_proj_"+kind, dtype, name,
				strings.Replace(name, ".q_proj.", ".k_proj.", 1), strings.Replace(name, ".q_proj.", ".v_proj.", 1))
			if err != nil {
				return nil, err
			}
			list = append(list, s)
		case inLayer && (strings.HasPrefix(rest, "self_attn.k_proj.") || strings.HasPrefix(rest, "self_attn.v_proj.")):
		default:
			return nil, fmt.Errorf("%s: tensor %q has no place in OpenCLIP's text encoder", f.name, name)
		}
	}
	return list, nil
}

// joined is tensors one after the other along their first axis.
func (f *File) joined(as string, dtype DType, names ...string) (Stream, error) {
	var all []Stream
	whole := Stream{Name: as}
	for _, name := range names {
		s, err := f.Stream(name, as, dtype)
		if err != nil {
			return Stream{}, err
		}
		if len(s.Shape) == 0 {
			return Stream{}, fmt.Errorf("%s: tensor %q is a single number", f.name, name)
		}
		if whole.Shape == nil {
			whole.Shape, whole.DType = append([]int{0}, s.Shape[1:]...), s.DType
		}
		if s.DType != whole.DType || len(s.Shape) != len(whole.Shape) || product(s.Shape[1:]) != product(whole.Shape[1:]) {
			return Stream{}, fmt.Errorf("%s: tensors %q and %q don't fit together: choose one type for all, such as f16", f.name, names[0], name)
		}
		whole.Shape[0] += s.Shape[0]
		all = append(all, s)
	}
	whole.Write = func(w io.Writer) error {
		for _, s := range all {
			if err := s.Write(w); err != nil {
				return err
			}
		}
		return nil
	}
	return whole, nil
}
