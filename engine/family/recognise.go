package family

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"darkroom/engine/checkpoint"
	"darkroom/engine/schedule"
)

// recognise tells the family and the rest that follows from the parts.
func (m *Model) recognise() {
	p := m.Part(checkpoint.UNet)
	if p == nil {
		return
	}
	u := p.UNet
	switch {
	case u.Addition != "" && m.numbers() == 5:
		m.Family = Refiner
	case u.Addition != "":
		m.Family = SDXL
	case u.LinearProjector:
		m.Family = SD2
	default:
		m.Family = SD1
	}
	switch u.InChannels {
	case u.OutChannels:
		m.Task = Drawing
	case 2 * u.OutChannels:
		m.Task = Editing
	case 2*u.OutChannels + 1:
		m.Task = Inpainting
	}
	m.Guided = u.GuidanceDim > 0
	m.ZeroEmpty = m.zeroEmpty()
	if m.Schedule.PredictionType == "" {
		m.Schedule.PredictionType = m.prediction()
	}
	if m.Size == 0 {
		m.Size = m.size()
	}
}

// numbers is how many numbers the U-Net is told beside the words: six, or five of
// which the last is an aesthetic score.
func (m *Model) numbers() int {
	u, pooled := m.Part(checkpoint.UNet).UNet, bigG
	if t := m.Part(checkpoint.Text2); t != nil && t.Text.Projection > 0 {
		pooled = t.Text.Projection
	}
	return (u.AdditionDim - pooled) / max(1, u.AdditionTimeDim)
}

// zeroEmpty follows force_zeros_for_empty_prompt of a folder's model_index.json
// and, like force_uc_zero_embeddings of generative-models' samplers, is true of the
// base model elsewhere.
func (m *Model) zeroEmpty() bool {
	if m.Folder != nil {
		var index struct {
			Zeros *bool `json:"force_zeros_for_empty_prompt"`
		}
		if err := m.Folder.Index(&index); err == nil && index.Zeros != nil {
			return *index.Zeros
		}
	}
	return m.Family == SDXL
}

// prediction finds out what a single file's U-Net predicts: by a marker, by what
// the file says of itself, or, in Stable Diffusion 2, by how far the biases of its
// last norm are spread, which ComfyUI found (comfy/supported_models.py, SD20).
func (m *Model) prediction() schedule.Prediction {
	told := m.Metadata["modelspec.prediction_type"]
	switch {
	case m.marked("v_pred") || told == "v" || told == "v_prediction" || told == "velocity":
		return schedule.Velocity
	case told != "" || m.Family != SD2 || m.Task != Drawing:
		return schedule.Epsilon
	}
	u := m.Part(checkpoint.UNet)
	last, at := len(u.UNet.Channels)-1, u.UNet.LayersPerBlock
	bias, err := u.File.Float32(fmt.Sprintf("up_blocks.%d.attentions.%d.transformer_blocks.0.norm1.bias", last, at))
	if err == nil && deviation(bias) > 0.09 {
		return schedule.Velocity
	}
	return schedule.Epsilon
}

// deviation is the standard deviation.
func deviation(x []float32) float64 {
	var sum, square float64
	for _, v := range x {
		sum += float64(v)
		square += float64(v) * float64(v)
	}
	n := float64(max(1, len(x)))
	return math.Sqrt(max(0, square/n-sum/n*(sum/n)))
}

// marked reports whether a single file has a tensor that is there for its name.
func (m *Model) marked(name string) bool { return m.Folder == nil && m.files[0].Has(name) }

// mostSize is the pixels on a side that a model can say it was made for: twice as
// many as any Stable Diffusion was.
const mostSize = 2048

// size is the pixels on a side that the model was made for.
func (m *Model) size() int {
	if v := m.Part(checkpoint.VAE); m.Folder != nil && v != nil && len(v.VAE.Channels) > 0 {
		sample, factor := m.Part(checkpoint.UNet).UNet.SampleSize, v.VAE.Factor()
		if sample > 0 && sample <= mostSize && factor <= mostSize && sample*factor > 0 && sample*factor <= mostSize {
			return sample * factor
		}
	}
	var w, h int
	if _, err := fmt.Sscanf(m.Metadata["modelspec.resolution"], "%dx%d", &w, &h); err == nil && w >= 64 && w == h && w <= mostSize && w%64 == 0 {
		return w
	}
	switch {
	case m.Family == SDXL || m.Family == Refiner:
		return 1024
	case m.Family == SD2 && m.Schedule.PredictionType == schedule.Velocity:
		return 768
	}
	return 512
}

// readSchedule reads a folder's noise levels.
func (m *Model) readSchedule() error {
	if m.Part(checkpoint.UNet) == nil {
		return nil
	}
	var class struct {
		Name string `json:"_class_name"`
	}
	if err := m.Folder.Config("scheduler", &m.Schedule); err != nil {
		return err
	}
	if err := m.Folder.Config("scheduler", &class); err != nil {
		return err
	}
	m.edm = strings.HasPrefix(class.Name, "EDM")
	m.Schedule.PredictionType = cmp.Or(m.Schedule.PredictionType, schedule.Epsilon)
	return nil
}

// What a .yaml file that lies beside a single file, as for the web UI, can say of
// what the model predicts.
var (
	parameterization = regexp.MustCompile(`(?m)^\s*parameterization:\s*["']?(\w+)`)
	mostSidecar      = int64(1 << 20)
)

// readSidecar reads the markers of a single file, and the configuration beside it.
func (m *Model) readSidecar() error {
	m.edm = m.marked("edm_mean") || m.marked("edm_std")
	m.Schedule.RescaleBetasZeroSNR = m.marked("ztsnr")
	path := strings.TrimSuffix(m.Name, filepath.Ext(m.Name)) + ".yaml"
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (info.IsDir() || info.Size() > mostSidecar) {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("the configuration beside the model can't be read: %w", err)
	}
	if told := parameterization.FindSubmatch(text); told != nil {
		m.Schedule.PredictionType = schedule.Epsilon
		if string(told[1]) == "v" {
			m.Schedule.PredictionType = schedule.Velocity
		}
	}
	return nil
}

// strangers are other files that people take for models, by a name some of their
// tensors begin with.
var strangers = []struct{ begins, is string }{
	{"lora_", "a LoRA, a change to a model and not a model: choose the model's own file"},
	{"control_model.", "a ControlNet, which steers a model and is none: choose the model's own file"},
	{"controlnet_", "a ControlNet, which steers a model and is none: choose the model's own file"},
	{"double_blocks.", "a Flux model, which this version can't draw with: choose a Stable Diffusion 1, 2 or XL"},
	{"model.diffusion_model.double_blocks.", "a Flux model, which this version can't draw with: choose a Stable Diffusion 1, 2 or XL"},
	{"joint_blocks.", "a Stable Diffusion 3, which this version can't draw with: choose a Stable Diffusion 1, 2 or XL"},
	{"model.diffusion_model.joint_blocks.", "a Stable Diffusion 3, which this version can't draw with: choose a Stable Diffusion 1, 2 or XL"},
	{"emb_params", "a textual inversion, a word for a model and not a model: choose the model's own file"},
}

// stranger says what a file is that is no Stable Diffusion.
func stranger(f *checkpoint.File) error {
	for _, name := range f.Names() {
		for _, s := range strangers {
			if strings.HasPrefix(name, s.begins) {
				return fmt.Errorf("%s is %s (%w)", f.Name(), s.is, errors.ErrUnsupported)
			}
		}
	}
	return nil
}
