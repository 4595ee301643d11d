package checkpoint

import (
	"fmt"
	"strconv"
	"strings"
)

// vaeScheme finds out how an autoencoder's tensors are named: by diffusers, now or
// before its attention layers got the names they have, or by LDM.
func vaeScheme(has func(string) bool) scheme {
	switch {
	case has("decoder.up_blocks.0.resnets.0.conv1.weight"):
		return func(name string) []piece {
			half, rest, ok := strings.Cut(name, ".mid_block.attentions.0.")
			if !ok {
				return whole(name)
			}
			rest, _ = replacePrefix(rest, attentionNames)
			return whole(half + ".mid_block.attentions.0." + rest)
		}
	case !has("decoder.conv_in.weight") || !has("decoder.up.0.block.0.conv1.weight"):
		return nil
	}
	l := ldmVAE{}
	for has(fmt.Sprintf("decoder.up.%d.block.0.conv1.weight", l.levels)) {
		l.levels++
	}
	return l.name
}

// attentionNames is what the attention's layers are called by LDM and by
// diffusers before 0.18.
var attentionNames = [][2]string{
	{"norm.", "group_norm."},
	{"q.", "to_q."},
	{"k.", "to_k."},
	{"v.", "to_v."},
	{"proj_out.", "to_out.0."},
	{"query.", "to_q."},
	{"key.", "to_k."},
	{"value.", "to_v."},
	{"proj_attn.", "to_out.0."},
}

// ldmVAE knows how many levels there are: on the way up LDM counts them from
// the finest, diffusers from the coarsest.
type ldmVAE struct{ levels int }

func (l ldmVAE) name(name string) []piece {
	half, rest, _ := strings.Cut(name, ".")
	switch half {
	case "quant_conv", "post_quant_conv":
		return whole(name)
	case "encoder", "decoder":
	default:
		return nil
	}
	end, ok := replacePrefix(rest, [][2]string{{"conv_in.", "conv_in."}, {"norm_out.", "conv_norm_out."}, {"conv_out.", "conv_out."}})
	if ok {
		return whole(half + "." + end)
	}
	where, rest, _ := strings.Cut(rest, ".")
	if where == "mid" {
		if mid, ok := replacePrefix(rest, [][2]string{{"block_1.", "resnets.0."}, {"block_2.", "resnets.1."}}); ok {
			return whole(half + ".mid_block." + mid)
		}
		if rest, ok := strings.CutPrefix(rest, "attn_1."); ok {
			if rest, ok = replacePrefix(rest, attentionNames); ok {
				return whole(half + ".mid_block.attentions.0." + rest)
			}
		}
		return nil
	}
	number, rest, _ := strings.Cut(rest, ".")
	i, err := strconv.Atoi(number)
	if err != nil || i < 0 || i >= l.levels {
		return nil
	}
	block := fmt.Sprintf("%s.down_blocks.%d.", half, i)
	if where == "up" {
		block = fmt.Sprintf("%s.up_blocks.%d.", half, l.levels-1-i)
	}
	kind, rest, _ := strings.Cut(rest, ".")
	switch {
	case where != "up" && where != "down":
	case kind == "block":
		return whole(block + "resnets." + strings.Replace(rest, ".nin_shortcut.", ".conv_shortcut.", 1))
	case kind == "downsample" && where == "down":
		return whole(block + "downsamplers.0." + rest)
	case kind == "upsample" && where == "up":
		return whole(block + "upsamplers.0." + rest)
	}
	return nil
}

// tinyScheme finds out how a tiny autoencoder's tensors are named: by diffusers or,
// in files that hold one half, by the numbers of the original's layers.
func tinyScheme(has func(string) bool) scheme {
	switch {
	case has("encoder.layers.0.weight") || has("decoder.layers.0.weight"):
		return whole
	case has("0.weight") && has("1.conv.0.weight"):
		return tinyHalf("encoder")(has)
	case has("1.weight") && has("3.conv.0.weight"):
		return tinyHalf("decoder")(has)
	}
	return nil
}

// tinyHalf is the naming of madebyollin's taesd.py: the number of a layer among
// its half's. The decoder's layer 0 is what bends the latents, which diffusers
// does not count.
func tinyHalf(half string) func(has func(string) bool) scheme {
	first := 0
	if half == "decoder" {
		first = 1
	}
	return func(has func(string) bool) scheme {
		if !has(fmt.Sprintf("%d.weight", first)) {
			return nil
		}
		return func(name string) []piece {
			number, rest, _ := strings.Cut(name, ".")
			i, err := strconv.Atoi(number)
			if err != nil || i < first {
				return nil
			}
			return whole(fmt.Sprintf("%s.layers.%d.%s", half, i-first, rest))
		}
	}
}
