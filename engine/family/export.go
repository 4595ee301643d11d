package family

import (
	"fmt"
	"io"
	"strings"

	"darkroom/engine/checkpoint"
	"darkroom/engine/schedule"
)

// homes is where single files of a family keep their parts.
var homes = map[Family]map[checkpoint.Part]checkpoint.Home{
	SD1:  {checkpoint.Text: {Prefix: "cond_stage_model.transformer."}},
	SD2:  {checkpoint.Text: {Prefix: "cond_stage_model.model.", OpenCLIP: true}},
	SDXL: {checkpoint.Text: {Prefix: "conditioner.embedders.0.transformer."}, checkpoint.Text2: {Prefix: "conditioner.embedders.1.model.", OpenCLIP: true}},
	Refiner: {
		checkpoint.Text2: {Prefix: "conditioner.embedders.0.model.", OpenCLIP: true},
	},
}

// Single lists the tensors of a whole model as one file holds them, under the names
// of latent-diffusion and without what drawing does not need, and the file's
// metadata. dtype is as for checkpoint.File.Stream.
func (m *Model) Single(dtype checkpoint.DType) (list []checkpoint.Stream, metadata map[string]string, err error) {
	if err := m.Check(); err != nil {
		return nil, nil, err
	}
	for _, part := range m.needs() {
		home := homes[m.Family][part]
		switch part {
		case checkpoint.UNet:
			home.Prefix = "model.diffusion_model."
		case checkpoint.VAE:
			home.Prefix = "first_stage_model."
		}
		streams, err := m.Part(part).File.LDM(part, home, dtype)
		if err != nil {
			return nil, nil, err
		}
		list = append(list, streams...)
	}
	// What the tensors' shapes don't tell: empty tensors, as ComfyUI and the web UI
	// look for (comfy/supported_models.py).
	mark := func(name string, is bool) {
		if is {
			list = append(list, checkpoint.Stream{Name: name, Shape: []int{0}, DType: checkpoint.F32, Write: func(io.Writer) error { return nil }})
		}
	}
	mark("v_pred", m.Schedule.PredictionType == schedule.Velocity)
	mark("ztsnr", m.Schedule.RescaleBetasZeroSNR)
	return list, m.singleMetadata(), nil
}

// singleMetadata keeps what a file says of its model and its training, and adds what
// is known, under the names of Stability's model specification.
func (m *Model) singleMetadata() map[string]string {
	out := map[string]string{}
	for key, value := range m.Metadata {
		if strings.HasPrefix(key, "modelspec.") || strings.HasPrefix(key, "ss_") {
			out[key] = value
		}
	}
	out["modelspec.sai_model_spec"] = "1.0.0"
	out["modelspec.resolution"] = fmt.Sprintf("%dx%d", m.Size, m.Size)
	out["modelspec.prediction_type"] = "epsilon"
	if m.Schedule.PredictionType == schedule.Velocity {
		out["modelspec.prediction_type"] = "v"
	}
	return out
}
