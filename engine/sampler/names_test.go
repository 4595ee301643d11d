package sampler

import (
	"strings"
	"testing"

	"darkroom/engine/schedule"
)

func TestParse(t *testing.T) {
	for _, c := range []struct{ given, name, curve string }{
		// the web UI
		{"Euler", "euler", ""},
		{"Euler a", "euler_ancestral", ""},
		{"k_euler_a", "euler_ancestral", ""},
		{"LMS", "lms", ""},
		{"Heun", "heun", ""},
		{"DPM2", "dpm_2", ""},
		{"DPM2 a", "dpm_2_ancestral", ""},
		{"k_dpm_2_a", "dpm_2_ancestral", ""},
		{"DPM++ 2S a", "dpmpp_2s_ancestral", ""},
		{"k_dpmpp_2s_a", "dpmpp_2s_ancestral", ""},
		{"DPM++ 2M", "dpmpp_2m", ""},
		{"DPM++ SDE", "dpmpp_sde", ""},
		{"DPM++ 2M SDE", "dpmpp_2m_sde", ""},
		{"DPM++ 2M SDE Heun", "dpmpp_2m_sde_heun", ""},
		{"DPM++ 3M SDE", "dpmpp_3m_sde", ""},
		{"DPM adaptive", "dpm_adaptive", ""},
		{"k_dpm_ad", "dpm_adaptive", ""},
		{"DDIM", "ddim", ""},
		{"DDIM CFG++", "ddim_cfg_pp", ""},
		{"ddim_cfgpp", "ddim_cfg_pp", ""},
		{"PLMS", "plms", ""},
		{"UniPC", "uni_pc", ""},
		{"Restart", "restart", ""},
		{"LCM", "lcm", ""},
		{"k_lcm", "lcm", ""},
		{"DEIS", "deis", ""},
		{"IPNDM", "ipndm", ""},
		// the web UI until version 1.9
		{"LMS Karras", "lms", "karras"},
		{"DPM2 Karras", "dpm_2", "karras"},
		{"DPM2 a Karras", "dpm_2_ancestral", "karras"},
		{"DPM++ 2S a Karras", "dpmpp_2s_ancestral", "karras"},
		{"DPM++ 2M Karras", "dpmpp_2m", "karras"},
		{"DPM++ SDE Karras", "dpmpp_sde", "karras"},
		{"DPM++ 2M SDE Karras", "dpmpp_2m_sde", "karras"},
		{"DPM++ 2M SDE Exponential", "dpmpp_2m_sde", "exponential"},
		{"DPM++ 2M SDE Heun Karras", "dpmpp_2m_sde_heun", "karras"},
		{"DPM++ 2M SDE Heun Exponential", "dpmpp_2m_sde_heun", "exponential"},
		{"DPM++ 3M SDE Exponential", "dpmpp_3m_sde", "exponential"},
		{"DPM++ 2M Polyexponential", "dpmpp_2m", "polyexponential"},
		{"Euler SGMUniform", "euler", "sgm_uniform"},
		{"k_dpmpp_2m_ka", "", ""},
		// ComfyUI
		{"euler_cfg_pp", "euler_cfg_pp", ""},
		{"euler_ancestral_cfg_pp", "euler_ancestral_cfg_pp", ""},
		{"dpm_2_ancestral", "dpm_2_ancestral", ""},
		{"dpmpp_sde_gpu", "dpmpp_sde", ""},
		{"dpmpp_2m_sde_gpu", "dpmpp_2m_sde", ""},
		{"dpmpp_2m_sde_heun_gpu", "dpmpp_2m_sde_heun", ""},
		{"dpmpp_3m_sde_gpu", "dpmpp_3m_sde", ""},
		{"uni_pc", "uni_pc", ""},
		{"uni_pc_bh2", "uni_pc_bh2", ""},
		{"ddpm", "ddpm", ""},
		// InvokeAI
		{"euler_k", "euler", "karras"},
		{"kdpm_2_a_k", "dpm_2_ancestral", "karras"},
		{"kdpm_2", "dpm_2", ""},
		{"dpmpp_2m_sde_k", "dpmpp_2m_sde", "karras"},
		{"dpmpp_2s", "dpmpp_2s", ""},
		{"dpmpp_2s_k", "dpmpp_2s", "karras"},
		{"lms_k", "lms", "karras"},
		{"deis_k", "deis", "karras"},
		{"unipc_k", "uni_pc", "karras"},
		{"pndm", "plms", ""},
		{"tcd", "tcd", ""},
		// stable-diffusion.cpp
		{"euler_a", "euler_ancestral", ""},
		{"dpm2", "dpm_2", ""},
		{"dpm++2s_a", "dpmpp_2s_ancestral", ""},
		{"dpm++2m", "dpmpp_2m", ""},
		{"ddim_trailing", "ddim", "sgm_uniform"},
		// diffusers
		{"EulerDiscreteScheduler", "euler", ""},
		{"EulerAncestralDiscreteScheduler", "euler_ancestral", ""},
		{"HeunDiscreteScheduler", "heun", ""},
		{"KDPM2DiscreteScheduler", "dpm_2", ""},
		{"KDPM2AncestralDiscreteScheduler", "dpm_2_ancestral", ""},
		{"LMSDiscreteScheduler", "lms", ""},
		{"DPMSolverMultistepScheduler", "dpmpp_2m", ""},
		{"DPMSolverSDEScheduler", "dpmpp_sde", ""},
		{"DPMSolverSinglestepScheduler", "dpmpp_2s", ""},
		{"DDIMScheduler", "ddim", ""},
		{"DDPMScheduler", "ddpm", ""},
		{"PNDMScheduler", "plms", ""},
		{"UniPCMultistepScheduler", "uni_pc_bh2", ""},
		{"DEISMultistepScheduler", "deis", ""},
		{"IPNDMScheduler", "ipndm", ""},
		{"LCMScheduler", "lcm", ""},
		{"TCDScheduler", "tcd", ""},
		// Draw Things
		{"DPM++ 2M AYS", "dpmpp_2m", "align_your_steps"},
		{"Euler A Trailing", "euler_ancestral", "sgm_uniform"},
		// and anything like them
		{" k_dpmpp_2m ", "dpmpp_2m", ""},
		{"DPM++ 2m karras ", "dpmpp_2m", "karras"},
	} {
		name, curve, err := Parse(c.given)
		if c.name == "" {
			if err == nil {
				t.Errorf("Parse(%q) = %q, %q, want an error", c.given, name, curve)
			}
			continue
		}
		if err != nil || name != c.name || curve != c.curve {
			t.Errorf("Parse(%q) = %q, %q, %v, want %q, %q", c.given, name, curve, err, c.name, c.curve)
		}
	}
	for _, unknown := range []string{"", "leap", "Karras", "k_", "DPM++ 2M SDE Leap", "eulerkarras"} {
		if name, _, err := Parse(unknown); err == nil || !strings.Contains(err.Error(), "euler, euler_ancestral, ddim, dpmpp_2m") {
			t.Errorf("Parse(%q) = %q, %v, want an error that lists the samplers", unknown, name, err)
		}
	}
}

func TestNames(t *testing.T) {
	taken := map[string]string{}
	for _, m := range methods {
		for _, known := range append([]string{m.name, m.label}, m.aliases...) {
			if other, is := taken[plain(known)]; is && other != m.name {
				t.Errorf("%q is the name of %s and of %s", known, other, m.name)
			}
			taken[plain(known)] = m.name
		}
		for _, curve := range schedule.Curves() {
			for _, given := range []string{m.label + " " + schedule.Label(curve), m.name + "_" + curve} {
				name, c, err := Parse(given)
				if err != nil || name != m.name || c != curve {
					t.Errorf("Parse(%q) = %q, %q, %v, want %q, %q", given, name, c, err, m.name, curve)
				}
			}
		}
		if _, err := schedule.Parse(Automatic(m.name)); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
		if Label(m.name) != m.label {
			t.Errorf("the label of %s is %q", m.name, Label(m.name))
		}
	}
	if got := Label("leap"); got != "leap" {
		t.Errorf("the label of an unknown name is %q", got)
	}
}

func TestWhatToolsDo(t *testing.T) {
	for name, want := range map[string][3]bool{ // A1111 discards, ComfyUI does, CFG++
		"euler":       {false, false, false},
		"dpm_2":       {true, true, false},
		"uni_pc":      {false, true, false},
		"ddim_cfg_pp": {false, false, true},
	} {
		got := [3]bool{DiscardsPenultimate(name, schedule.A1111), DiscardsPenultimate(name, schedule.ComfyUI), NeedsUnguided(name)}
		if got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if DiscardsPenultimate(name, schedule.Native) {
			t.Errorf("%s: a level is discarded natively", name)
		}
	}
	if !NeedsTraining("tcd") || NeedsTraining("lcm") || Automatic("dpmpp_2m") != "karras" || Automatic("euler") != "normal" {
		t.Error("the table of samplers says something else")
	}
}
