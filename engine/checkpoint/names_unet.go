package checkpoint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// unetScheme finds out how a U-Net's tensors are named: by diffusers, or by
// CompVis's latent-diffusion (LDM), which counts the blocks through.
func unetScheme(has func(string) bool) scheme {
	switch {
	case has("conv_in.weight") && has("down_blocks.0.resnets.0.conv1.weight"):
		return whole
	case !has("input_blocks.0.0.weight"):
		return nil
	}
	var l ldmUNet
	for n := 1; has(fmt.Sprintf("input_blocks.%d.0.in_layers.0.weight", n)) || has(fmt.Sprintf("input_blocks.%d.0.op.weight", n)); n++ {
		if has(fmt.Sprintf("input_blocks.%d.0.op.weight", n)) {
			l.halved = append(l.halved, n)
		}
	}
	for n := 0; has(fmt.Sprintf("output_blocks.%d.0.in_layers.0.weight", n)); n++ {
		for k := 1; k <= 2; k++ {
			if has(fmt.Sprintf("output_blocks.%d.%d.conv.weight", n, k)) {
				l.doubled = append(l.doubled, n)
			}
		}
	}
	return l.name
}

// ldmUNet knows where the levels of a U-Net end: with the blocks that halve the
// latent on the way down and those that double it on the way up.
type ldmUNet struct{ halved, doubled []int }

// level is the level a block belongs to and its place there, if each of ends is the
// last block of a level and the first level begins with block start.
func level(block int, ends []int, start int) (level, place int) {
	level, _ = slices.BinarySearch(ends, block)
	if level > 0 {
		start = ends[level-1] + 1
	}
	return level, block - start
}

// name is diffusers' name for one of LDM's.
func (l ldmUNet) name(name string) []piece {
	if rest, ok := replacePrefix(name, unetEnds); ok {
		return whole(rest)
	}
	half, rest, _ := strings.Cut(name, ".")
	if half == "middle_block" {
		return middle(rest)
	}
	number, rest, _ := strings.Cut(rest, ".")
	block, err := strconv.Atoi(number)
	layer, rest, ok := strings.Cut(rest, ".")
	if err != nil || !ok {
		return nil
	}
	switch half {
	case "input_blocks":
		i, j := level(block, l.halved, 1)
		if op, ok := strings.CutPrefix(rest, "op."); ok && layer == "0" {
			return whole(fmt.Sprintf("down_blocks.%d.downsamplers.0.conv.%s", i, op))
		}
		return inside(fmt.Sprintf("down_blocks.%d", i), layer, j, rest)
	case "output_blocks":
		i, j := level(block, l.doubled, 0)
		if strings.HasPrefix(rest, "conv.") && layer != "0" { // behind the attention, if there is one
			return whole(fmt.Sprintf("up_blocks.%d.upsamplers.0.%s", i, rest))
		}
		return inside(fmt.Sprintf("up_blocks.%d", i), layer, j, rest)
	}
	return nil
}

// inside names what is in a block: a residual block first, then perhaps attention.
func inside(block, layer string, place int, rest string) []piece {
	switch layer {
	case "0":
		if r, ok := replacePrefix(rest, resnetNames); ok {
			return whole(fmt.Sprintf("%s.resnets.%d.%s", block, place, r))
		}
	case "1":
		return whole(fmt.Sprintf("%s.attentions.%d.%s", block, place, rest))
	}
	return nil
}

// middle names the middle's residual blocks and, between them, its attention.
func middle(rest string) []piece {
	layer, rest, _ := strings.Cut(rest, ".")
	r, resnet := replacePrefix(rest, resnetNames)
	switch {
	case layer == "0" && resnet:
		return whole("mid_block.resnets.0." + r)
	case layer != "0" && resnet: // number 1 without attention
		return whole("mid_block.resnets.1." + r)
	case layer == "1":
		return whole("mid_block.attentions.0." + rest)
	}
	return nil
}

// unetEnds is what lies outside of the blocks.
var unetEnds = [][2]string{
	{"input_blocks.0.0.", "conv_in."},
	{"time_embed.0.", "time_embedding.linear_1."},
	{"time_embed.2.", "time_embedding.linear_2."},
	{"time_embed.cond_proj.", "time_embedding.cond_proj."},
	{"time_embedding.cond_proj.", "time_embedding.cond_proj."},
	{"label_emb.0.0.", "add_embedding.linear_1."},
	{"label_emb.0.2.", "add_embedding.linear_2."},
	{"out.0.", "conv_norm_out."},
	{"out.2.", "conv_out."},
}

var resnetNames = [][2]string{
	{"in_layers.0.", "norm1."},
	{"in_layers.2.", "conv1."},
	{"emb_layers.1.", "time_emb_proj."},
	{"out_layers.0.", "norm2."},
	{"out_layers.3.", "conv2."},
	{"skip_connection.", "conv_shortcut."},
}

// replacePrefix replaces the first of the pairs' prefixes that name has.
func replacePrefix(name string, pairs [][2]string) (string, bool) {
	for _, p := range pairs {
		if rest, ok := strings.CutPrefix(name, p[0]); ok {
			return p[1] + rest, true
		}
	}
	return name, false
}
