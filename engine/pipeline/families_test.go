package pipeline

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"darkroom/engine"
	"darkroom/engine/checkpoint"
	"darkroom/engine/family"
	"darkroom/engine/nn"
	"darkroom/engine/prompt"
	"darkroom/engine/schedule"
	"darkroom/engine/unet"

	"gorgonia.org/tensor"
)

// What engine/golden/families.py draws with.
const (
	familyPrompt   = "a red apple on a table, oil painting"
	familyNegative = "blurry"
	familySide     = 64
)

// families are the ones engine/golden/families.py makes.
var families = []struct {
	name       string
	family     family.Family
	task       family.Task
	prediction schedule.Prediction
	zeroSNR    bool
	size       int
	middle     unet.Middle
}{
	{"sd1", family.SD1, family.Drawing, schedule.Epsilon, false, 512, unet.CrossMiddle},
	{"inpaint", family.SD1, family.Inpainting, schedule.Epsilon, false, 512, unet.CrossMiddle},
	{"ip2p", family.SD1, family.Editing, schedule.Epsilon, false, 512, unet.CrossMiddle},
	{"lcm", family.SD1, family.Drawing, schedule.Epsilon, false, 512, unet.CrossMiddle},
	{"sd2", family.SD2, family.Drawing, schedule.Epsilon, false, 512, unet.CrossMiddle},
	{"sd2v", family.SD2, family.Drawing, schedule.Velocity, false, 768, unet.CrossMiddle},
	{"sdxs", family.SD2, family.Drawing, schedule.Epsilon, false, 512, unet.NoMiddle},
	{"xl", family.SDXL, family.Drawing, schedule.Epsilon, false, 1024, unet.CrossMiddle},
	{"xlv", family.SDXL, family.Drawing, schedule.Velocity, true, 1024, unet.CrossMiddle},
	{"ssd", family.SDXL, family.Drawing, schedule.Epsilon, false, 1024, unet.PlainMiddle},
	{"refiner", family.Refiner, family.Drawing, schedule.Epsilon, false, 1024, unet.CrossMiddle},
}

// familyTensors gives the tensors of a family's file, made from their names.
func familyTensors(t *testing.T, name string) []checkpoint.Tensor {
	t.Helper()
	if found := made[name]; found != nil {
		return slices.Clone(found)
	}
	packed, err := os.ReadFile("testdata/families.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string][][3]json.RawMessage
	if err := json.NewDecoder(r).Decode(&all); err != nil {
		t.Fatal(err)
	}
	var tensors []checkpoint.Tensor
	for _, raw := range all[name] {
		var (
			w    checkpoint.Tensor
			gain float32
		)
		for i, into := range []any{&w.Name, &w.Shape, &gain} {
			if err := json.Unmarshal(raw[i], into); err != nil {
				t.Fatal(err)
			}
		}
		fill(&w, gain)
		tensors = append(tensors, w)
	}
	made[name] = tensors
	return slices.Clone(tensors)
}

// made is what was made by familyTensors, by its family.
var made = map[string][]checkpoint.Tensor{}

// fill gives a tensor a variance of 1/fan-in, a vector 1/300; norms are about 1.
func fill(w *checkpoint.Tensor, gain float32) {
	n := 1
	for _, d := range w.Shape {
		n *= d
	}
	fan, spread := 100, 1.0
	if len(w.Shape) > 1 {
		fan, spread = n/w.Shape[0], 3
	}
	w.Data = make([]float32, n)
	uniform(w.Name, w.Data)
	scale := float32(math.Sqrt(spread / float64(fan)))
	for i := range w.Data {
		w.Data[i] *= scale
		w.Data[i] *= gain
		if len(w.Shape) == 1 && strings.HasSuffix(w.Name, "weight") {
			w.Data[i]++
		}
	}
}

// writeFamily writes a family's file, changed by edit.
func writeFamily(t *testing.T, name string, metadata map[string]string, edit func([]checkpoint.Tensor) []checkpoint.Tensor) string {
	t.Helper()
	tensors := familyTensors(t, name)
	if edit != nil {
		tensors = edit(tensors)
	}
	path := filepath.Join(t.TempDir(), name+".safetensors")
	if err := checkpoint.Write(path, tensors, checkpoint.F32, metadata); err != nil {
		t.Fatal(err)
	}
	return path
}

// writePictures writes the picture that is painted into, and its mask.
func writePictures(t *testing.T) (picture, mask string) {
	t.Helper()
	values := make([]float32, familySide*familySide*3)
	uniform("picture", values)
	p, m := image.NewRGBA(image.Rect(0, 0, familySide, familySide)), image.NewGray(image.Rect(0, 0, familySide, familySide))
	for i := range familySide * familySide {
		byteOf := func(k int) uint8 { return uint8((values[i*3+k] + 1) * 128) }
		x, y := i%familySide, i/familySide
		p.SetRGBA(x, y, color.RGBA{byteOf(0), byteOf(1), byteOf(2), 255})
		if y < 40 && x >= 24 {
			m.SetGray(x, y, color.Gray{255})
		}
	}
	write := func(name string, img image.Image) string {
		path := filepath.Join(t.TempDir(), name)
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("picture.png", p), write("mask.png", m)
}

// TestFamiliesMatchDiffusers recognises single files, and compares each network and
// the whole way to a picture with diffusers'.
func TestFamiliesMatchDiffusers(t *testing.T) {
	g := openGolden(t, "testdata/families.safetensors")
	picture, mask := writePictures(t)
	for _, tt := range families {
		t.Run(tt.name, func(t *testing.T) {
			g.t = t
			path := writeFamily(t, tt.name, nil, nil)
			recognised(t, path, tt.family, tt.task, tt.prediction, tt.zeroSNR, tt.size, tt.middle)
			p, err := Load(context.Background(), path, nn.Float32)
			if err != nil {
				t.Fatal(err)
			}
			r := engine.Request{
				Prompt: familyPrompt, Negative: familyNegative, Seed: 7, Steps: 20, Guidance: 3, Sampler: "euler",
				Width: familySide, Height: familySide, Model: path,
			}
			switch {
			case tt.task == family.Inpainting:
				r.Image, r.Mask = picture, mask
			case tt.task == family.Editing:
				r.Image = picture
			case tt.name == "xlv":
				r.Negative = "" // stands for zeros
			}
			pixels, err := readPicture(picture, familySide, familySide)
			if err != nil {
				t.Fatal(err)
			}
			g.networks(p, tt.name, r, pixels)
			if r, err = p.Resolve(r); err != nil {
				t.Fatal(err)
			}
			var last *tensor.Dense
			if _, err := p.Paint(context.Background(), r, nil, func(at engine.Progress) { last = at.Latent }); err != nil {
				t.Fatal(err)
			}
			g.near("the last latent", last, g.get(tt.name+".final"), endToEnd)
		})
	}
}

// The errors allowed in one pass, and after 20 steps with guidance, in standard
// deviations; measured are 2.6e-5 and 3e-5.
const (
	onePass  = 1e-4
	endToEnd = 3e-4
)

// networks compares single passes.
func (g golden) networks(p *Pipeline, name string, r engine.Request, pixels *tensor.Dense) {
	g.t.Helper()
	c := nn.NewContext(context.Background())
	r.Steps = 1
	// guided, whatever the model does by itself
	e := encoder{Pipeline: p, skip: 1}
	words, negative, err := p.read(r)
	if err != nil {
		g.t.Fatal(err)
	}
	made, err := e.condition(c, []prompt.Part{negative.Parts[0], words.Parts[0]})
	if err != nil {
		g.t.Fatal(err)
	}
	by := &steering{Pipeline: p, rows: []*conditioning{&made[0], &made[1]}, negatives: 1, guidance: r.Guidance, request: r}
	heard := by.at(1, true)[0]
	g.near("words", tokens(heard.context, 0, 3, 10, 40, 76), g.get(name+".text"), parity)
	if p.UNet.Config.Addition != "" {
		g.near("pooled", heard.added.Pooled, g.get(name+".pooled"), parity)
	}
	if r.Negative == "" {
		made[0].zero()
		by.chosen = nil
		heard = by.at(1, true)[0]
	}
	sample := nn.Spread(c, g.get(fmt.Sprintf("sample%d", p.UNet.Config.InChannels)), 2)
	y := p.UNet.Forward(c, sample, g.float64s("timesteps"), heard.context, heard.added)
	g.near("U-Net", y, g.get(name+".predicted"), onePass)
	g.near("decoder", p.VAE.Reconstruct(c, g.get("latent")), g.get("decoded"), onePass)
	g.near("encoder", p.VAE.Moments(c, pixels), g.get("moments"), onePass)
}

// tokens picks some of x [n,T,D].
func tokens(x *tensor.Dense, which ...int) *tensor.Dense {
	s := x.Shape()
	var data []float32
	for i := range s[0] {
		for _, t := range which {
			data = append(data, nn.Data(x)[(i*s[1]+t)*s[2]:][:s[2]]...)
		}
	}
	return nn.Wrap(data, s[0], len(which), s[2])
}

// recognised checks what is told of a file.
func recognised(t *testing.T, path string, f family.Family, task family.Task, prediction schedule.Prediction, zeroSNR bool, size int, middle unet.Middle) {
	t.Helper()
	m, err := family.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if m.Family != f || m.Task != task || m.Schedule.PredictionType != prediction || m.Schedule.RescaleBetasZeroSNR != zeroSNR || m.Size != size {
		t.Errorf("recognised as %s for %s, predicting %s (zero SNR %v), %d pixels; want %s for %s, %s (%v), %d",
			m.Family, m.Task, m.Schedule.PredictionType, m.Schedule.RescaleBetasZeroSNR, m.Size, f, task, prediction, zeroSNR, size)
	}
	if got := m.Part(checkpoint.UNet).UNet.Middle; got != middle {
		t.Errorf("its middle is %s, want %s", got, middle)
	}
	scaling := 0.18215
	if f == family.SDXL || f == family.Refiner {
		scaling = 0.13025
	}
	if got := m.Part(checkpoint.VAE).VAE.Scaling; got != scaling {
		t.Errorf("latents are scaled by %g, want %g", got, scaling)
	}
	if err := m.Check(); err != nil || len(m.Unknown) > 0 {
		t.Errorf("unknown %v, %v", m.Unknown, err)
	}
	for _, p := range m.Parts {
		if n := len(p.Missing) + len(p.Misshapen) + len(p.Unknown); n > 0 || p.Parameters == 0 || p.Bytes != 4*int64(p.Parameters) {
			t.Errorf("%s: %d parameters in %d bytes, missing %v, misshapen %v, unknown %v", p.Part, p.Parameters, p.Bytes, p.Missing, p.Misshapen, p.Unknown)
		}
	}
}

// TestPrediction reads what a model predicts off markers, metadata and the file
// beside it.
func TestPrediction(t *testing.T) {
	marked := func(names ...string) func([]checkpoint.Tensor) []checkpoint.Tensor {
		return func(all []checkpoint.Tensor) []checkpoint.Tensor {
			for _, n := range names {
				all = append(all, checkpoint.Tensor{Name: n, Data: []float32{0}})
			}
			return all
		}
	}
	for _, tt := range []struct {
		name, family string
		metadata     map[string]string
		edit         func([]checkpoint.Tensor) []checkpoint.Tensor
		beside       string
		want         schedule.Prediction
		zeroSNR      bool
		size         int
		trouble      string
	}{
		{"plain", "sd1", nil, nil, "", schedule.Epsilon, false, 512, ""},
		{"metadata", "sd1", map[string]string{"modelspec.prediction_type": "v", "modelspec.resolution": "768x768"}, nil, "", schedule.Velocity, false, 768, ""},
		{"metadata against the spread", "sd2v", map[string]string{"modelspec.prediction_type": "epsilon"}, nil, "", schedule.Epsilon, false, 512, ""},
		{"beside", "sd1", nil, nil, "model:\n  params:\n    parameterization: \"v\"\n", schedule.Velocity, false, 512, ""},
		{"beside against the spread", "sd2v", nil, nil, "    parameterization: eps", schedule.Epsilon, false, 512, ""},
		{"markers", "sd1", nil, marked("v_pred", "ztsnr"), "", schedule.Velocity, true, 512, ""},
		{"EDM", "sd1", nil, marked("edm_mean", "edm_std"), "", schedule.Epsilon, false, 512, "predicts as EDM"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := writeFamily(t, tt.family, tt.metadata, tt.edit)
			if tt.beside != "" {
				if err := os.WriteFile(strings.TrimSuffix(path, ".safetensors")+".yaml", []byte(tt.beside), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			m, err := family.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			if s := m.Schedule; s.PredictionType != tt.want || s.RescaleBetasZeroSNR != tt.zeroSNR || m.Size != tt.size || len(m.Unknown) > 0 {
				t.Errorf("predicts %s (zero SNR %v), %d pixels, unknown %v; want %s (%v), %d", s.PredictionType, s.RescaleBetasZeroSNR, m.Size, m.Unknown, tt.want, tt.zeroSNR, tt.size)
			}
			err = m.Check()
			if tt.trouble == "" && err != nil || tt.trouble != "" && (!errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), tt.trouble)) {
				t.Errorf("error %v, want one that says %q", err, tt.trouble)
			}
		})
	}
}

// TestSingleFileErrors has files that can't be drawn with.
func TestSingleFileErrors(t *testing.T) {
	without := func(begin string) func([]checkpoint.Tensor) []checkpoint.Tensor {
		return func(all []checkpoint.Tensor) []checkpoint.Tensor {
			return slices.DeleteFunc(all, func(x checkpoint.Tensor) bool { return strings.HasPrefix(x.Name, begin) })
		}
	}
	only := func(begin string) func([]checkpoint.Tensor) []checkpoint.Tensor {
		return func(all []checkpoint.Tensor) []checkpoint.Tensor {
			return slices.DeleteFunc(all, func(x checkpoint.Tensor) bool { return !strings.HasPrefix(x.Name, begin) })
		}
	}
	with := func(name string, shape ...int) func([]checkpoint.Tensor) []checkpoint.Tensor {
		return func(all []checkpoint.Tensor) []checkpoint.Tensor {
			w := checkpoint.Tensor{Name: name, Shape: shape}
			fill(&w, 1)
			return append(without(name)(all), w)
		}
	}
	for _, tt := range []struct {
		family, want string
		edit         func([]checkpoint.Tensor) []checkpoint.Tensor
	}{
		{"sd1", `has no tensor "up_blocks.1.attentions.1.proj_out.bias"`, without("model.diffusion_model.output_blocks.4.1.proj_out.bias")},
		{"sd1", `has no tensor "post_quant_conv.weight"`, without("first_stage_model.post_quant_conv.weight")},
		{"sd1", `has 1 tensors that have no place in its unet, such as "down_blocks.0.resnets.0.conv1.extra"`, with("model.diffusion_model.input_blocks.1.0.in_layers.2.extra", 1)},
		{"sd1", `a tensor of its unet has another shape than it should: mid_block.resnets.1.conv2.bias [3], want [64]`, with("model.diffusion_model.middle_block.2.out_layers.3.bias", 3)},
		{"sd1", `tensors that this program knows no place for, such as "model.diffusion_model.motion.weight"`, with("model.diffusion_model.motion.weight", 1)},
		{"sd1", "without its part vae: it holds a text encoder and a U-Net", without("first_stage_model.")},
		{"sd1", "without its part text_encoder: it holds a U-Net alone", only("model.diffusion_model.")},
		{"sd1", "holds an autoencoder alone", only("first_stage_model.")},
		{"xl", "without its part text_encoder_2", without("conditioner.embedders.1.")},
		{"sd1", "takes 5 channels and gives 4", with("model.diffusion_model.input_blocks.0.0.weight", 32, 5, 3, 3)},
		{"sd1", "is a LoRA", with("lora_unet_x.alpha", 1)},
		{"sd1", "holds no part of a Stable Diffusion", func([]checkpoint.Tensor) []checkpoint.Tensor {
			return []checkpoint.Tensor{{Name: "x", Shape: []int{1}, Data: []float32{0}}}
		}},
	} {
		_, err := Load(context.Background(), writeFamily(t, tt.family, nil, tt.edit), nn.Float32)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %v, want one that says %q", err, tt.want)
		}
	}
	if _, err := Load(context.Background(), tiny+"/model_index.json", nn.Float32); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a file that is no model gives %v", err)
	}
}

// TestPicturesFitTheTask has requests whose pictures the model can't use.
func TestPicturesFitTheTask(t *testing.T) {
	picture, mask := writePictures(t)
	for task, tests := range map[family.Task][]struct {
		request engine.Request
		want    string // "" if it can be drawn
	}{
		family.Drawing: {
			{engine.Request{}, ""},
			{engine.Request{Image: picture}, "draws from words alone"},
			{engine.Request{ImageGuidance: 2}, "image_guidance is for models that edit"},
		},
		family.Inpainting: {
			{engine.Request{}, ""},
			{engine.Request{Image: picture, Mask: mask}, ""},
			{engine.Request{Image: picture}, "give it one as mask"},
		},
		family.Editing: {
			{engine.Request{Image: picture}, ""},
			{engine.Request{}, "give it one as image"},
			{engine.Request{Image: picture, Mask: mask}, "leave out mask"},
			{engine.Request{Image: "testdata/none.png"}, "can't be read"},
			{engine.Request{Image: tinyGolden}, "is not a picture"},
		},
	} {
		p := loadTiny(t)
		p.Task = task
		for _, tt := range tests {
			tt.request.Steps, tt.request.Sampler = 1, "euler"
			r, err := p.Resolve(tt.request)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%s of %+v: error %v, want one that says %q", task, tt.request, err, tt.want)
			}
			if tt.want == "" && (task == family.Editing) != (r.ImageGuidance == engine.DefaultImageGuidance) {
				t.Errorf("%s: image guidance is %g", task, r.ImageGuidance)
			}
		}
	}
}

// TestInpaintingWithoutAPicture paints all of it.
func TestInpaintingWithoutAPicture(t *testing.T) {
	p, err := Load(context.Background(), writeFamily(t, "inpaint", nil, nil), nn.Float32)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Resolve(engine.Request{Steps: 1, Sampler: "euler", Width: familySide, Height: familySide})
	if err != nil {
		t.Fatal(err)
	}
	beside, err := p.masked(p.context(context.Background()), r)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range nn.Data(beside) {
		if i%5 == 0 && v != 1 {
			t.Fatalf("latent %d is not masked", i/5)
		}
	}
}

// TestAddedTellsHeightFirst has the numbers that SDXL and its refiner are told beside
// the words of a wide picture.
func TestAddedTellsHeightFirst(t *testing.T) {
	for f, want := range map[family.Family][]float64{
		family.SDXL:    {48, 96, 0, 0, 48, 96, 48, 96, 0, 0, 48, 96},
		family.Refiner: {48, 96, 0, 0, 2.5, 48, 96, 0, 0, 6},
	} {
		by := &steering{Pipeline: &Pipeline{Family: f}, request: engine.Request{Width: 96, Height: 48}}
		if got := by.added(make([]float32, 2), 2, 1).Sizes; !slices.Equal(got, want) {
			t.Errorf("%s is told %v, want %v", f, got, want)
		}
	}
}

// TestPicturesAreCutToSize reads a wide picture for a square.
func TestPicturesAreCutToSize(t *testing.T) {
	wide := image.NewRGBA(image.Rect(0, 0, 90, 30))
	for i := range 90 * 30 {
		c := color.RGBA{255, 0, 0, 255}
		if x := i % 90; x >= 30 && x < 60 {
			c = color.RGBA{0, 0, 255, 255}
		}
		wide.SetRGBA(i%90, i/90, c)
	}
	path := filepath.Join(t.TempDir(), "wide.png")
	var b bytes.Buffer
	if err := png.Encode(&b, wide); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	x, err := readPicture(path, 16, 16)
	if err != nil {
		t.Fatal(err)
	}
	if !x.Shape().Eq(tensor.Shape{1, 16, 16, 3}) {
		t.Fatalf("shape %v", x.Shape())
	}
	for i, want := range []float32{-1, -1, 1} { // the blue middle of it
		if got := nn.Data(x)[(8*16+8)*3+i]; got != want {
			t.Errorf("colour %d in the middle is %g, want %g", i, got, want)
		}
	}
	if w, h, err := shaped(path, 64, 8); err != nil || w != 112 || h != 40 {
		t.Errorf("of about 64×64 pixels it becomes %d×%d (%v), want 112×40", w, h, err)
	}
}
