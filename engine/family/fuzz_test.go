package family

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"darkroom/engine/checkpoint"
)

// empty is a safetensors file of tensors that hold nothing, one a line: its name, and
// its dimensions, of which the last is 0 whatever is said.
func empty(lines string) []byte {
	var header []string
	for line := range strings.SplitSeq(lines, "\n") {
		name, rest, _ := strings.Cut(line, " ")
		var shape []string
		for word := range strings.FieldsSeq(rest) {
			var n uint32
			fmt.Sscan(word, &n)
			shape = append(shape, fmt.Sprint(n))
		}
		header = append(header, fmt.Sprintf(`%q:{"dtype":"F16","shape":[%s],"data_offsets":[0,0]}`, name, strings.Join(append(shape, "0"), ",")))
	}
	json := "{" + strings.Join(header, ",") + "}"
	return append(binary.LittleEndian.AppendUint64(nil, uint64(len(json))), json...)
}

func FuzzRecognise(f *testing.F) {
	f.Add("model.diffusion_model.input_blocks.0.0.weight 320 4 3\nmodel.diffusion_model.input_blocks.1.0.in_layers.0.weight 4000000000\n" +
		"model.diffusion_model.input_blocks.1.0.in_layers.2.weight 4000000000 4000000000\nmodel.diffusion_model.out.2.weight 4\n" +
		"model.diffusion_model.input_blocks.1.1.transformer_blocks.0.norm1.weight 1\nmodel.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight 1 7\n" +
		"model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_k.weight 1 7\nv_pred")
	f.Add("text_model.embeddings.token_embedding.weight 49408 4294967295\ntext_model.embeddings.position_embedding.weight 77\ntext_model.encoder.layers.0.mlp.fc1.weight 1")
	f.Add("encoder.layers.0.weight 64\nencoder.layers.14.weight 4\ndecoder.layers.0.weight 4 4294967295")
	f.Add("decoder.conv_in.weight\ndecoder.up.0.block.0.conv1.weight\nencoder.conv_in.weight 3 3\npost_quant_conv.weight 4294967295")
	f.Add("lora_unet_x 1")
	f.Fuzz(func(t *testing.T, lines string) {
		file, err := checkpoint.OpenBytes("fuzz", empty(lines))
		if err != nil {
			return
		}
		m, err := recognised(&Model{Name: "fuzz"}, func(m *Model) error { return m.readFile(file) })
		if err != nil {
			return
		}
		defer m.Close()
		if m.Check() == nil {
			t.Error("a model without numbers can be drawn with")
		}
	})
}
