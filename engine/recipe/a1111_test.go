package recipe

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// example is a text, what of the recipe is looked at, and parts of the notes.
type example struct {
	name, text string
	want       string   // the recipe as JSON, without notes
	notes      []string // a part of each note of the request, in order, but for what is not used yet
}

// texts are in the grammar of the web UI as it and others write it.
var texts = []example{
	{
		"the web UI 1.10, all in order", "a red apple, on a table\nNegative prompt: blur, text\nSteps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 965400086, Size: 512x768, Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Version: v1.10.1",
		`{"tool":"AUTOMATIC1111's web UI","version":"v1.10.1","dialect":"a1111","prompt":"a red apple, on a table","negative":"blur, text","seed":965400086,"steps":20,"guidance":7,"sampler":"DPM++ 2M","schedule":"karras","width":512,"height":768,"model":"v1-5-pruned-emaonly","model_hash":"6ce0161689"}`,
		[]string{"the model v1-5-pruned-emaonly (hash 6ce0161689)"},
	},
	{
		"no version and no schedule", "a\nSteps: 20, Sampler: Euler a, CFG scale: 7.5, Seed: 1, Size: 512x512",
		`{"tool":"a program that writes as AUTOMATIC1111's web UI does","dialect":"a1111","prompt":"a","seed":1,"steps":20,"guidance":7.5,"sampler":"Euler a","schedule":"uniform","width":512,"height":512}`,
		[]string{"names no model"},
	},
	{
		"the schedule in the sampler's name", "a\nSteps: 8, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 1, Size: 64x64, Version: 1.6.0",
		`{"tool":"AUTOMATIC1111's web UI","version":"1.6.0","dialect":"a1111","prompt":"a","seed":1,"steps":8,"guidance":7,"sampler":"DPM++ 2M","schedule":"karras","width":64,"height":64}`,
		[]string{"model", "half precision"},
	},
	{
		"an old sampler without schedule", "a\nSteps: 8, Sampler: DPM++ 2M, CFG scale: 7, Seed: 1, Size: 64x64, Version: v1.8.0",
		`{"tool":"AUTOMATIC1111's web UI","version":"v1.8.0","dialect":"a1111","prompt":"a","seed":1,"steps":8,"guidance":7,"sampler":"DPM++ 2M","schedule":"uniform","width":64,"height":64}`,
		[]string{"model"},
	},
	{
		"an automatic schedule", "a\nSteps: 8, Sampler: DPM++ 2M, Schedule type: Automatic, CFG scale: 7, Seed: 1, Size: 64x64, Version: v1.9.4",
		`{"tool":"AUTOMATIC1111's web UI","version":"v1.9.4","dialect":"a1111","prompt":"a","seed":1,"steps":8,"guidance":7,"sampler":"DPM++ 2M","schedule":"karras","width":64,"height":64}`,
		[]string{"model"},
	},
	{
		"a schedule of two words", "a\nSteps: 8, Sampler: Euler, Schedule type: SGM Uniform, CFG scale: 1, Seed: 1, Size: 64x64",
		`{"tool":"a program that writes as AUTOMATIC1111's web UI does","dialect":"a1111","prompt":"a","seed":1,"steps":8,"guidance":1,"sampler":"Euler","schedule":"sgm_uniform","width":64,"height":64}`,
		[]string{"model"},
	},
	{
		"noise of the processor, clip skip and ENSD", "a\nSteps: 8, Sampler: Euler a, Schedule type: Automatic, CFG scale: 7, Seed: 4294967295, Size: 64x64, Clip skip: 2, ENSD: 31337, RNG: CPU, Eta: 0.67, Version: v1.10.0",
		`{"tool":"AUTOMATIC1111's web UI","version":"v1.10.0","dialect":"a1111-cpu","prompt":"a","seed":4294967295,"steps":8,"guidance":7,"sampler":"Euler a","schedule":"uniform","width":64,"height":64,"eta":0.67,"ensd":31337,"clip_skip":2}`,
		[]string{"model"},
	},
	{
		"the portable noise", "a\nSteps: 8, Sampler: Euler, Schedule type: Automatic, CFG scale: 7, Seed: 1, Size: 64x64, RNG: NV, Version: v1.10.0",
		`{"tool":"AUTOMATIC1111's web UI","version":"v1.10.0","dialect":"a1111","prompt":"a","seed":1,"steps":8,"guidance":7,"sampler":"Euler","schedule":"uniform","width":64,"height":64}`,
		[]string{"model"},
	},
	{
		"a variation", "a\nSteps: 8, Sampler: Euler, Schedule type: Automatic, CFG scale: 7, Seed: 1, Size: 64x64, Variation seed: 2, Variation seed strength: 0.3, Seed resize from: 512x256, Version: v1.10.0",
		`{"tool":"AUTOMATIC1111's web UI","version":"v1.10.0","dialect":"a1111","prompt":"a","seed":1,"steps":8,"guidance":7,"sampler":"Euler","schedule":"uniform","width":64,"height":64,"variation_seed":2,"variation_strength":0.3,"seed_resize_width":512,"seed_resize_height":256}`,
		[]string{"model"},
	},
	{
		"churn", "a\nSteps: 8, Sampler: Heun, Schedule type: Automatic, CFG scale: 7, Seed: 1, Size: 64x64, Sigma churn: 5, Sigma tmin: 0.1, Sigma tmax: 10, Sigma noise: 1.003, Version: v1.10.0",
		`{"tool":"AUTOMATIC1111's web UI","version":"v1.10.0","dialect":"a1111","prompt":"a","seed":1,"steps":8,"guidance":7,"sampler":"Heun","schedule":"uniform","width":64,"height":64,"s_churn":5,"s_tmin":0.1,"s_tmax":10,"s_noise":1.003}`,
		nil,
	},
	{
		"LoRAs and embeddings", "a <lora:paint_v2:0.8> by x, <lora:noweight> easyneg\nSteps: 8, Sampler: Euler, Schedule type: Automatic, CFG scale: 7, Seed: 1, Size: 64x64, Lora hashes: \"paint_v2: 0123456789ab, noweight: ba9876543210\", TI hashes: \"easyneg: 66a7279a88dd\", Version: v1.10.0",
		`{"tool":"AUTOMATIC1111's web UI","version":"v1.10.0","dialect":"a1111","prompt":"a \u003clora:paint_v2:0.8\u003e by x, \u003clora:noweight\u003e easyneg","seed":1,"steps":8,"guidance":7,"sampler":"Euler","schedule":"uniform","width":64,"height":64,"loras":[{"name":"paint_v2","weight":0.8,"hash":"0123456789ab"},{"name":"noweight","weight":1,"hash":"ba9876543210"}]}`,
		[]string{"model", "embedding easyneg"},
	},
	{
		"a second pass", "a\nSteps: 8, Sampler: Euler, Schedule type: Automatic, CFG scale: 7, Seed: 1, Size: 512x512, Denoising strength: 0.55, Hires upscale: 2, Hires steps: 10, Hires upscaler: R-ESRGAN 4x+, Version: v1.10.0",
		`{"tool":"AUTOMATIC1111's web UI","version":"v1.10.0","dialect":"a1111","prompt":"a","seed":1,"steps":8,"guidance":7,"sampler":"Euler","schedule":"uniform","width":512,"height":512}`,
		[]string{"model", "second pass"},
	},
	{
		"a first pass by its old name", "a\nSteps: 8, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 1024x768, Denoising strength: 0.7, First pass size: 0x0",
		`{"tool":"a program that writes as AUTOMATIC1111's web UI does","dialect":"a1111","prompt":"a","seed":1,"steps":8,"guidance":7,"sampler":"Euler","schedule":"uniform","width":640,"height":448}`,
		[]string{"model", "second pass"},
	},
	{
		"img2img and a mask", "a\nSteps: 8, Sampler: Euler, Schedule type: Automatic, CFG scale: 7, Image CFG scale: 1.5, Seed: 1, Size: 64x64, Denoising strength: 0.75, Mask blur: 4, Masked content: original, Version: v1.10.0",
		`{"tool":"AUTOMATIC1111's web UI","version":"v1.10.0","dialect":"a1111","prompt":"a","seed":1,"steps":8,"guidance":7,"sampler":"Euler","schedule":"uniform","width":64,"height":64,"image":"the picture it began with","mask":"the mask","strength":0.75,"image_guidance":1.5}`,
		nil,
	},
	{
		"ControlNet, ADetailer and a refiner", "a\nSteps: 8, Sampler: Euler, Schedule type: Automatic, CFG scale: 7, Seed: 1, Size: 64x64, ControlNet 0: \"Module: canny, Model: control_canny, Weight: 1\", ADetailer model: face.pt, Refiner: xl_refiner [7440042bbd], Refiner switch at: 0.8, Version: v1.10.0",
		`{"tool":"AUTOMATIC1111's web UI","version":"v1.10.0","dialect":"a1111","prompt":"a","seed":1,"steps":8,"guidance":7,"sampler":"Euler","schedule":"uniform","width":64,"height":64}`,
		[]string{"model", "ControlNet", "ADetailer", "refiner"},
	},
	{
		"Forge", "a\nSteps: 8, Sampler: Euler, Schedule type: Simple, CFG scale: 1, Distilled CFG Scale: 3.5, Seed: 1, Size: 64x64, Model: flux, Version: f2.0.1v1.10.1-previous-664-gd557aef9, Module 1: ae, Diffusion in Low Bits: Automatic",
		`{"tool":"Forge","version":"f2.0.1v1.10.1-previous-664-gd557aef9","dialect":"a1111","prompt":"a","seed":1,"steps":8,"guidance":1,"sampler":"Euler","schedule":"simple","width":64,"height":64,"model":"flux"}`,
		[]string{"flux", "Distilled CFG Scale: 3.5 is not understood", "Module 1: ae"},
	},
	{
		"Fooocus in this grammar", "a\nSteps: 30, Sampler: DPM++ 2M SDE Karras, Seed: 5, Size: 1152x896, CFG scale: 4, Sharpness: 2, ADM Guidance: \"(1.5, 0.8, 0.3)\", Model: juggernaut, Model hash: aeb7e9e689, Performance: Speed, Scheduler: karras, VAE: Default (model), Raw prompt: a, Lora hashes: offset: 4852686128, Lora weights: offset: 0.1, Version: Fooocus v2.5.5",
		`{"tool":"Fooocus","version":"v2.5.5","dialect":"comfyui","prompt":"a","seed":5,"steps":30,"guidance":4,"sampler":"DPM++ 2M SDE","schedule":"karras","width":1152,"height":896,"model":"juggernaut","model_hash":"aeb7e9e689","loras":[{"name":"offset","weight":0.1,"hash":"4852686128"}]}`,
		nil,
	},
	{
		"stable-diffusion.cpp", "a\nNegative prompt: b\nSteps: 20, CFG scale: 7.000000, Guidance: 3.500000, Eta: 0.000000, Seed: 42, Size: 512x512, Model: sd15.safetensors, RNG: cuda, Sampler: euler_a karras, VAE: vae.safetensors, Version: stable-diffusion.cpp",
		`{"tool":"stable-diffusion.cpp","version":"stable-diffusion.cpp","dialect":"a1111","prompt":"a","negative":"b","seed":42,"steps":20,"guidance":7,"sampler":"euler_a","schedule":"karras","width":512,"height":512,"model":"sd15","vae":"vae","eta":0}`,
		[]string{"sd15"},
	},
	{
		"stable-diffusion.cpp on the processor's noise", "a\nSteps: 20, CFG scale: 7.000000, Seed: 42, Size: 512x512, Model: sd15.gguf, RNG: cpu, Sampler: dpm++2m, Version: stable-diffusion.cpp",
		`{"tool":"stable-diffusion.cpp","version":"stable-diffusion.cpp","dialect":"comfyui","prompt":"a","seed":42,"steps":20,"guidance":7,"sampler":"dpm++2m","schedule":"uniform","width":512,"height":512,"model":"sd15"}`,
		nil,
	},
	{
		"quotes, colons and brackets in the prompt", "\"Quoted\": a (b:1.2), [c], {d}, \\(e\\)\nNegative prompt: \"x\", y: z\nSteps: 8, Sampler: Euler, Schedule type: Automatic, CFG scale: 7, Seed: 1, Size: 64x64, Model: \"a, \\\"b\\\": c\", Version: v1.10.0",
		`{"tool":"AUTOMATIC1111's web UI","version":"v1.10.0","dialect":"a1111","prompt":"\"Quoted\": a (b:1.2), [c], {d}, \\(e\\)","negative":"\"x\", y: z","seed":1,"steps":8,"guidance":7,"sampler":"Euler","schedule":"uniform","width":64,"height":64,"model":"a, \"b\": c"}`,
		nil,
	},
	{
		"many lines and other scripts", "猫\n\nна столе 😀\nNegative prompt: 雨\nنص\nSteps: 8, Sampler: Euler, Schedule type: Automatic, CFG scale: 7, Seed: 1, Size: 64x64, Model: 模型, Version: v1.10.0",
		`{"tool":"AUTOMATIC1111's web UI","version":"v1.10.0","dialect":"a1111","prompt":"猫\n\nна столе 😀","negative":"雨\nنص","seed":1,"steps":8,"guidance":7,"sampler":"Euler","schedule":"uniform","width":64,"height":64,"model":"模型"}`,
		nil,
	},
	{
		"a prompt that looks like settings", "Steps: 1, Seed: 2, Size: 3x4\nSteps: 8, Sampler: Euler, Schedule type: Automatic, CFG scale: 7, Seed: 1, Size: 64x64, Version: v1.10.0",
		`{"tool":"AUTOMATIC1111's web UI","version":"v1.10.0","dialect":"a1111","prompt":"Steps: 1, Seed: 2, Size: 3x4","seed":1,"steps":8,"guidance":7,"sampler":"Euler","schedule":"uniform","width":64,"height":64}`,
		nil,
	},
	{
		"prompt editing of an old version", "a [b:c:0.5]\nSteps: 8, Sampler: DDIM, CFG scale: 7, Seed: 1, Size: 64x64, Version: v1.5.2",
		`{"tool":"AUTOMATIC1111's web UI","version":"v1.5.2","dialect":"a1111","prompt":"a [b:c:0.5]","seed":1,"steps":8,"guidance":7,"sampler":"DDIM","width":64,"height":64}`,
		[]string{"model", "[from:to:when]", "half precision"},
	},
	{
		"a version between two", "a\nSteps: 8, Sampler: DDIM, CFG scale: 7, Seed: 1, Size: 64x64, Version: 1.7.0-225-g12345678",
		`{"tool":"AUTOMATIC1111's web UI","version":"1.7.0-225-g12345678","dialect":"a1111","prompt":"a","seed":1,"steps":8,"guidance":7,"sampler":"DDIM","width":64,"height":64}`,
		[]string{"model"},
	},
	{
		"numbers that are none", "a\nSteps: many, Sampler: Euler, Schedule type: Automatic, CFG scale: nan, Seed: -1, Size: 64, Version: v1.10.0",
		`{"tool":"AUTOMATIC1111's web UI","version":"v1.10.0","dialect":"a1111","prompt":"a","sampler":"Euler","schedule":"uniform"}`,
		[]string{"model", "no seed", "no number of steps", "no guidance", `Steps is "many"`, `CFG scale is "nan"`, `Seed is "-1"`, `Size is "64"`},
	},
	{
		"what can't be drawn", "a\nSteps: 5000, Sampler: Unheard of, Schedule type: Automatic, CFG scale: 1000, Seed: 1, Size: 4096x513, Version: v1.10.0",
		`{"tool":"AUTOMATIC1111's web UI","version":"v1.10.0","dialect":"a1111","prompt":"a","seed":1,"steps":5000,"guidance":1000,"sampler":"Unheard of","schedule":"uniform","width":4096,"height":513}`,
		[]string{"model", "5000 steps", "can't be 1000", "sampler Unheard of is not known", "4096×513 can't be drawn: 2048×512"},
	},
	{
		"a web site's additions", "a\nSteps: 8, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 64x64, Clip skip: 2, Created Date: 2025-01-02T03:04:05.678Z, Civitai resources: [{\"type\":\"checkpoint\"}], Civitai metadata: {}",
		`{"tool":"a program that writes as AUTOMATIC1111's web UI does","dialect":"a1111","prompt":"a","seed":1,"steps":8,"guidance":7,"sampler":"Euler a","schedule":"uniform","width":64,"height":64,"clip_skip":2}`,
		[]string{"model"},
	},
	{
		"wildcards", "a cat\nSteps: 8, Sampler: Euler, Schedule type: Automatic, CFG scale: 7, Seed: 1, Size: 64x64, Template: \"a {cat|dog}\", Negative Template: b, Emphasis: No norm, Version: v1.10.0",
		`{"tool":"AUTOMATIC1111's web UI","version":"v1.10.0","dialect":"a1111","prompt":"a cat","seed":1,"steps":8,"guidance":7,"sampler":"Euler","schedule":"uniform","width":64,"height":64,"emphasis":"no_norm","template":"a {cat|dog}","negative_template":"b"}`,
		nil,
	},
	{
		"Darkroom's own, pasted", "a cat\nSteps: 8, Sampler: Euler, CFG scale: 7, Seed: 18446744073709551615, Size: 64x64, Model: default, Version: Darkroom 0.1.0",
		`{"tool":"Darkroom","version":"0.1.0","prompt":"a cat","seed":18446744073709551615,"steps":8,"guidance":7,"sampler":"Euler","width":64,"height":64,"model":"default"}`,
		[]string{},
	},
}

func TestParameters(t *testing.T) { check(t, texts) }

// check compares what is read from texts with what is wanted.
func check(t *testing.T, examples []example) {
	t.Helper()
	for _, c := range examples {
		r, err := Parse(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		q, notes := r.Request(nil)
		notes = slices.DeleteFunc(notes, notYet)
		if err := q.Validate(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		r.Notes = nil
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if !same(string(b), c.want) {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, b, c.want)
		}
		if c.notes == nil {
			continue
		}
		if len(notes) != len(c.notes) {
			t.Errorf("%s: %d notes, want %d:\n%s", c.name, len(notes), len(c.notes), strings.Join(notes, "\n"))
			continue
		}
		for i, part := range c.notes {
			if !strings.Contains(notes[i], part) {
				t.Errorf("%s: note %d is %q, want %q in it", c.name, i, notes[i], part)
			}
		}
	}
}

// notYet picks the notes that go as the engine learns.
func notYet(note string) bool { return strings.HasPrefix(note, "Not used yet: ") }

// same compares JSON whatever the order of its fields.
func same(a, b string) bool {
	x, _ := parseObject(a)
	y, ok := parseObject(b)
	return ok && fmt.Sprint(x) == fmt.Sprint(y) // maps print in the order of their keys
}
