package recipe

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"darkroom/engine"
	"darkroom/engine/metadata"
)

// basic is the graph that ComfyUI opens with; parts of it are replaced below.
const basic = `{
"3":{"class_type":"KSampler","inputs":{"seed":18446744073709551615,"steps":20,"cfg":8,"sampler_name":"euler","scheduler":"normal","denoise":1,"model":["4",0],"positive":["6",0],"negative":["7",0],"latent_image":["5",0]}},
"4":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"sd\\v1-5.safetensors"}},
"5":{"class_type":"EmptyLatentImage","inputs":{"width":512,"height":768,"batch_size":1}},
"6":{"class_type":"CLIPTextEncode","inputs":{"text":"a (glass:1.2) bottle","clip":["4",1]}},
"7":{"class_type":"CLIPTextEncode","inputs":{"text":"text, watermark","clip":["4",1]}},
"8":{"class_type":"VAEDecode","inputs":{"samples":["3",0],"vae":["4",2]}},
"9":{"class_type":"SaveImage","inputs":{"filename_prefix":"x","images":["8",0]}}}`

// changed is the basic graph with some text replaced.
func changed(replacements ...string) string {
	return strings.NewReplacer(replacements...).Replace(basic)
}

const basicRead = `{"tool":"ComfyUI","dialect":"comfyui","prompt":"a (glass:1.2) bottle","negative":"text, watermark","seed":18446744073709551615,"steps":20,"guidance":8,"sampler":"euler","schedule":"normal","width":512,"height":768,"model":"v1-5"}`

var objects = []example{
	{"ComfyUI", basic, basicRead, []string{"the model v1-5"}},
	{"ComfyUI as it is sent", `{"client_id":"a","prompt":` + basic + `}`, basicRead, nil},
	{"ComfyUI in EXIF", "prompt:" + basic, basicRead, nil},
	{
		"ComfyUI with LoRAs, clip skip and a VAE",
		changed(`"model":["4",0],"positive"`, `"model":["10",0],"positive"`, `bottle","clip":["4",1]`, `bottle","clip":["12",0]`, `"vae":["4",2]`, `"vae":["13",0]`,
			`"9":{`, `"10":{"class_type":"LoraLoader","inputs":{"lora_name":"b.safetensors","strength_model":0.5,"strength_clip":0.25,"model":["11",0],"clip":["11",1]}},
"11":{"class_type":"LoraLoaderModelOnly","inputs":{"lora_name":"sub/a.safetensors","strength_model":1,"model":["4",0]}},
"12":{"class_type":"CLIPSetLastLayer","inputs":{"stop_at_clip_layer":-2,"clip":["10",1]}},
"13":{"class_type":"VAELoader","inputs":{"vae_name":"mse.safetensors"}},
"9":{`),
		`{"tool":"ComfyUI","dialect":"comfyui","prompt":"a (glass:1.2) bottle","negative":"text, watermark","seed":18446744073709551615,"steps":20,"guidance":8,"sampler":"euler","schedule":"normal","width":512,"height":768,"model":"v1-5","vae":"mse","loras":[{"name":"a","weight":1},{"name":"b","weight":0.5}],"clip_skip":2}`,
		[]string{"v1-5", "LoRA b had another weight in the text encoder, 0.25"},
	},
	{
		"ComfyUI with perturbed attention and a rescale",
		changed(`"model":["4",0],"positive"`, `"model":["10",0],"positive"`,
			`"9":{`, `"10":{"class_type":"PerturbedAttentionGuidance","inputs":{"scale":2.5,"model":["11",0]}},
"11":{"class_type":"RescaleCFG","inputs":{"multiplier":0.7,"model":["4",0]}},
"9":{`),
		strings.TrimSuffix(basicRead, "}") + `,"guidance_rescale":0.7,"perturbed_attention":2.5}`,
		[]string{"v1-5", "RescaleCFG rescales velocities"},
	},
	{
		"ComfyUI with a second pass and a refining sampler",
		changed(`"samples":["3",0]`, `"samples":["20",0]`, `"9":{`, `"20":{"class_type":"KSampler","inputs":{"seed":1,"steps":9,"cfg":7,"sampler_name":"ddim","scheduler":"karras","denoise":0.5,"model":["4",0],"positive":["6",0],"negative":["7",0],"latent_image":["21",0]}},
"21":{"class_type":"LatentUpscale","inputs":{"upscale_method":"nearest-exact","width":1024,"height":1536,"crop":"disabled","samples":["3",0]}},
"9":{`),
		basicRead,
		[]string{"v1-5", "second pass"},
	},
	{
		"ComfyUI's advanced sampler, its seed and text from other nodes",
		changed(`"class_type":"KSampler","inputs":{"seed":18446744073709551615`, `"class_type":"KSamplerAdvanced","inputs":{"add_noise":"enable","start_at_step":0,"end_at_step":10000,"noise_seed":["30",0]`,
			`"text":"a (glass:1.2) bottle"`, `"text":["31",0]`, `"9":{`, `"30":{"class_type":"Seed Generator","inputs":{"seed":77}},
"31":{"class_type":"Reroute","inputs":{"x":["32",0]}},"32":{"class_type":"String Literal","inputs":{"string":"from afar"}},"9":{`),
		`{"tool":"ComfyUI","dialect":"comfyui","prompt":"from afar","negative":"text, watermark","seed":77,"steps":20,"guidance":8,"sampler":"euler","schedule":"normal","width":512,"height":768,"model":"v1-5"}`,
		[]string{"v1-5"},
	},
	{
		"ComfyUI's advanced sampler for some of the steps, no noise",
		changed(`"class_type":"KSampler","inputs":{"seed":18446744073709551615`, `"class_type":"KSamplerAdvanced","inputs":{"add_noise":"disable","start_at_step":5,"end_at_step":15,"noise_seed":1`),
		`{"tool":"ComfyUI","dialect":"comfyui","prompt":"a (glass:1.2) bottle","negative":"text, watermark","seed":1,"steps":20,"guidance":8,"sampler":"euler","schedule":"normal","width":512,"height":768,"model":"v1-5"}`,
		[]string{"v1-5", "No noise", "steps 5 to 15"},
	},
	{
		"ComfyUI's custom sampler", `{
"1":{"class_type":"SamplerCustom","inputs":{"add_noise":true,"noise_seed":9,"cfg":6.5,"model":["4",0],"positive":["6",0],"negative":["7",0],"sampler":["2",0],"sigmas":["3",0],"latent_image":["5",0]}},
"2":{"class_type":"KSamplerSelect","inputs":{"sampler_name":"dpmpp_2m"}},
"3":{"class_type":"KarrasScheduler","inputs":{"steps":12,"sigma_max":14.614642,"sigma_min":0.0291675,"rho":7}},
"4":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"m.ckpt"}},
"5":{"class_type":"EmptyLatentImage","inputs":{"width":256,"height":256,"batch_size":4}},
"6":{"class_type":"ConditioningConcat","inputs":{"conditioning_to":["10",0],"conditioning_from":["11",0]}},
"7":{"class_type":"ConditioningCombine","inputs":{"conditioning_1":["12",0],"conditioning_2":["13",0]}},
"8":{"class_type":"VAEDecode","inputs":{"samples":["1",1],"vae":["4",2]}},
"9":{"class_type":"PreviewImage","inputs":{"images":["8",0]}},
"10":{"class_type":"CLIPTextEncode","inputs":{"text":"a","clip":["4",1]}},
"11":{"class_type":"CLIPTextEncode","inputs":{"text":"b","clip":["4",1]}},
"12":{"class_type":"CLIPTextEncode","inputs":{"text":"c","clip":["4",1]}},
"13":{"class_type":"CLIPTextEncode","inputs":{"text":"d","clip":["4",1]}}}`,
		`{"tool":"ComfyUI","dialect":"comfyui","prompt":"a BREAK b","negative":"c AND d","seed":9,"steps":12,"guidance":6.5,"sampler":"dpmpp_2m","schedule":"karras","width":256,"height":256,"model":"m","batch_size":4}`,
		[]string{"model m", "one of 4", "ConditioningCombine"},
	},
	{
		"ComfyUI's parts of a sampler", `{
"1":{"class_type":"SamplerCustomAdvanced","inputs":{"noise":["14",0],"guider":["15",0],"sampler":["2",0],"sigmas":["3",0],"latent_image":["5",0]}},
"2":{"class_type":"SamplerEulerAncestral","inputs":{"eta":0.9,"s_noise":1.1}},
"3":{"class_type":"BasicScheduler","inputs":{"model":["4",0],"scheduler":"sgm_uniform","steps":4,"denoise":1.0}},
"4":{"class_type":"UNETLoader","inputs":{"unet_name":"u.safetensors","weight_dtype":"default"}},
"5":{"class_type":"EmptySD3LatentImage","inputs":{"width":1024,"height":1024,"batch_size":1}},
"8":{"class_type":"VAEDecode","inputs":{"samples":["1",0],"vae":["16",0]}},
"9":{"class_type":"SaveImage","inputs":{"images":["8",0]}},
"10":{"class_type":"CLIPTextEncode","inputs":{"text":"a","clip":["4",1]}},
"14":{"class_type":"RandomNoise","inputs":{"noise_seed":3}},
"15":{"class_type":"BasicGuider","inputs":{"model":["4",0],"conditioning":["10",0]}},
"16":{"class_type":"VAELoader","inputs":{"vae_name":"ae.sft"}}}`,
		`{"tool":"ComfyUI","dialect":"comfyui","prompt":"a","seed":3,"steps":4,"guidance":1,"sampler":"eulerancestral","schedule":"sgm_uniform","width":1024,"height":1024,"model":"u","vae":"ae.sft","eta":0.9,"s_noise":1.1}`,
		nil,
	},
	{
		"ComfyUI from a picture, steered",
		changed(`"latent_image":["5",0]`, `"latent_image":["40",0]`, `"denoise":1,"model":["4",0]`, `"denoise":0.6,"model":["43",0]`, `"positive":["6",0]`, `"positive":["42",0]`,
			`"9":{`, `"40":{"class_type":"VAEEncode","inputs":{"pixels":["41",0],"vae":["4",2]}},"41":{"class_type":"LoadImage","inputs":{"image":"cat.png"}},
"42":{"class_type":"ControlNetApply","inputs":{"conditioning":["6",0],"control_net":["44",0],"image":["41",0],"strength":1}},
"43":{"class_type":"FreeU","inputs":{"model":["4",0],"b1":1.1}},"9":{`),
		`{"tool":"ComfyUI","dialect":"comfyui","prompt":"a (glass:1.2) bottle","negative":"text, watermark","seed":18446744073709551615,"steps":20,"guidance":8,"sampler":"euler","schedule":"normal","model":"v1-5","image":"cat.png","strength":0.6}`,
		[]string{"v1-5", "cat.png", "ControlNet", "changed by FreeU"},
	},
	{
		"ComfyUI in circles", changed(`"latent_image":["5",0]`, `"latent_image":["3",0]`, `"positive":["6",0]`, `"positive":["50",0]`,
			`"9":{`, `"50":{"class_type":"Reroute","inputs":{"a":["50",0]}},"9":{`),
		`{"tool":"ComfyUI","dialect":"comfyui","prompt":"","negative":"text, watermark","seed":18446744073709551615,"steps":20,"guidance":8,"sampler":"euler","schedule":"normal","model":"v1-5"}`,
		[]string{"v1-5"},
	},
	{
		"ComfyUI's window", `{"last_node_id":9,"version":0.4,"nodes":[
{"id":4,"type":"CheckpointLoaderSimple","mode":0,"widgets_values":["v1-5.safetensors"]},
{"id":3,"type":"KSampler","mode":0,"inputs":[{"name":"model","type":"MODEL","link":1},{"name":"positive","link":4},{"name":"negative","link":6},{"name":"latent_image","link":2}],"widgets_values":[156680208700286,"randomize",20,8,"dpmpp_2m","karras",1]},
{"id":6,"type":"CLIPTextEncode","mode":0,"inputs":[{"name":"clip","link":3}],"widgets_values":["a bottle"]},
{"id":7,"type":"CLIPTextEncode","mode":0,"inputs":[{"name":"clip","link":5},{"name":"text","widget":{"name":"text"},"link":12}],"widgets_values":["not this"]},
{"id":5,"type":"EmptyLatentImage","mode":0,"widgets_values":[512,512,1]},
{"id":8,"type":"VAEDecode","mode":0,"inputs":[{"name":"samples","link":7},{"name":"vae","link":8}]},
{"id":9,"type":"SaveImage","mode":0,"inputs":[{"name":"images","link":9}],"widgets_values":["ComfyUI"]},
{"id":10,"type":"LoraLoader","mode":4,"inputs":[{"name":"model","link":10},{"name":"clip","link":null}],"widgets_values":["off.safetensors",1,1]},
{"id":11,"type":"PrimitiveNode","mode":0,"widgets_values":["blur","fixed"]},
{"id":12,"type":"Note","mode":0,"widgets_values":["words"]}],
"links":[[1,10,0,3,0,"MODEL"],[2,5,0,3,3,"LATENT"],[3,4,1,6,0,"CLIP"],[4,6,0,3,1,"CONDITIONING"],[5,4,1,7,0,"CLIP"],[6,7,0,3,2,"CONDITIONING"],[7,3,0,8,0,"LATENT"],[8,4,2,8,1,"VAE"],[9,8,0,9,0,"IMAGE"],[10,4,0,10,0,"MODEL"],[12,11,0,7,1,"STRING"]]}`,
		`{"tool":"ComfyUI","dialect":"comfyui","prompt":"a bottle","negative":"blur","seed":156680208700286,"steps":20,"guidance":8,"sampler":"dpmpp_2m","schedule":"karras","width":512,"height":512,"model":"v1-5"}`,
		[]string{"v1-5"},
	},
	{
		"InvokeAI", `{"app_version":"5.4.0","generation_mode":"txt2img","positive_prompt":"a (cat)++","negative_prompt":"dog","width":512,"height":640,"seed":123,"rand_device":"cpu","cfg_scale":7.5,"cfg_rescale_multiplier":0.0,"steps":30,"scheduler":"dpmpp_2m_k","clip_skip":1,"model":{"key":"k","hash":"blake3:aa","name":"dream","base":"sd-1","type":"main"},"vae":{"name":"mse","hash":"sha256:bb"},"loras":[{"model":{"name":"paint","hash":"blake3:cc"},"weight":0.75},{"lora":{"model_name":"old"},"weight":1}],"controlnets":[]}`,
		`{"tool":"InvokeAI","version":"5.4.0","dialect":"invokeai","prompt":"a (cat)++","negative":"dog","seed":123,"steps":30,"guidance":7.5,"sampler":"dpmpp_2m","schedule":"karras","width":512,"height":640,"model":"dream","vae":"mse","vae_hash":"bb","loras":[{"name":"paint","weight":0.75},{"name":"old","weight":1}],"clip_skip":2}`,
		[]string{"model dream:"},
	},
	{
		"InvokeAI's SDXL with all it has", `{"generation_mode":"sdxl_img2img","positive_prompt":"a","positive_style_prompt":"b","seed":1,"steps":3,"cfg_scale":5,"scheduler":"euler","width":1024,"height":1024,"model":{"model_name":"xl"},"strength":0.4,"init_image":"x.png","rand_device":"cuda","refiner_model":{"name":"r"},"controlnets":[{}],"hrf_enabled":true,"cfg_rescale_multiplier":0.5,"seamless_x":true}`,
		`{"tool":"InvokeAI","dialect":"invokeai","prompt":"a","seed":1,"steps":3,"guidance":5,"sampler":"euler","width":1024,"height":1024,"model":"xl","clip_skip":1,"image":"the picture it began with","strength":0.4,"guidance_rescale":0.5}`,
		[]string{"xl", "began with", "graphics card (cuda)", "style prompt", "second pass", "refiner", "ControlNet", "seamless"},
	},
	{
		"InvokeAI 2", `{"model":"stable diffusion","model_weights":"stable-diffusion-1.5","model_hash":"cc6cb27103417325ff94f52b7a5d2dde45a7515b25c255d8e396c90014281516","app_version":"2.3.0","image":{"prompt":[{"prompt":"a cat [blur] on a mat","weight":1.0}],"steps":25,"cfg_scale":7.5,"seed":99,"width":512,"height":512,"sampler":"k_euler_a","type":"txt2img"}}`,
		`{"tool":"InvokeAI","version":"2.3.0","dialect":"invokeai","prompt":"a cat  on a mat","negative":"blur","seed":99,"steps":25,"guidance":7.5,"sampler":"euler_a","width":512,"height":512,"model":"stable-diffusion-1.5","model_hash":"cc6cb27103417325ff94f52b7a5d2dde45a7515b25c255d8e396c90014281516"}`,
		nil,
	},
	{
		"InvokeAI's first", `"a \"cat\" [dog]" -s 50 -S 123 -W 512 -H 768 -C 7.5 -A k_lms`,
		`{"tool":"InvokeAI","dialect":"invokeai","prompt":"a \"cat\"","negative":"dog","seed":123,"steps":50,"guidance":7.5,"sampler":"lms","width":512,"height":768}`,
		nil,
	},
	{
		"Fooocus", `{"adm_guidance":"(1.5, 0.8, 0.3)","base_model":"juggernautXL","base_model_hash":"d91d35736d","full_prompt":["a cat, cinematic"],"guidance_scale":4,"loras":[["offset",0.1,"4852686128"]],"lora_combined_1":"offset.safetensors : 0.1","metadata_scheme":"fooocus","negative_prompt":"","performance":"Speed","prompt":"a cat","resolution":"(1152, 896)","sampler":"dpmpp_2m_sde_gpu","scheduler":"karras","seed":"4567","sharpness":2,"steps":30,"styles":"['Fooocus V2']","vae":"Default (model)","version":"Fooocus v2.5.5"}`,
		`{"tool":"Fooocus","version":"v2.5.5","dialect":"comfyui","prompt":"a cat","seed":4567,"steps":30,"guidance":4,"sampler":"dpmpp_2m_sde_gpu","schedule":"karras","width":1152,"height":896,"model":"juggernautXL","model_hash":"d91d35736d","loras":[{"name":"offset","weight":0.1,"hash":"4852686128"}]}`,
		nil,
	},
	{
		"an older Fooocus", `{"Prompt":"a cat","Negative Prompt":"dog","Styles":"[]","Performance":"Speed","Resolution":"(1024, 1024)","Sharpness":2.0,"Guidance Scale":4.0,"Base Model":"xl.safetensors","Sampler":"dpmpp_2m","Scheduler":"karras","Seed":7,"Steps":30,"LoRA 1":"a.safetensors : 0.5"}`,
		`{"tool":"Fooocus","dialect":"comfyui","prompt":"a cat","negative":"dog","seed":7,"steps":30,"guidance":4,"sampler":"dpmpp_2m","schedule":"karras","width":1024,"height":1024,"model":"xl","loras":[{"name":"a","weight":0.5}]}`,
		[]string{"xl", "sharpness 2.0"},
	},
	{
		"NovelAI", `{"prompt":"{{cat}}, mat","steps":28,"height":1216,"width":832,"scale":5.0,"uncond_scale":1.0,"cfg_rescale":0.0,"seed":2147483648,"n_samples":1,"noise_schedule":"native","sampler":"k_euler_ancestral","sm":false,"dynamic_thresholding":false,"uc":"lowres","request_type":"PromptGenerateRequest"}`,
		`{"tool":"NovelAI","prompt":"{{cat}}, mat","negative":"lowres","seed":2147483648,"steps":28,"guidance":5,"sampler":"k_euler_ancestral","schedule":"normal","width":832,"height":1216}`,
		[]string{"names no model", "nobody else has", "braces"},
	},
	{
		"Draw Things", `{"c":"a cat","uc":"dog","model":"sd_v1.5_f16.ckpt","sampler":"DPM++ 2M Karras","scale":7.5,"seed":11,"seed_mode":"Scale Alike","size":"512x768","steps":20,"strength":1,"lora":[{"model":"paint_lora_f16.ckpt","weight":0.6}],"v2":{"clipSkip":2}}`,
		`{"tool":"Draw Things","prompt":"a cat","negative":"dog","seed":11,"steps":20,"guidance":7.5,"sampler":"DPM++ 2M","schedule":"karras","width":512,"height":768,"model":"sd_v1.5_f16","loras":[{"name":"paint_lora_f16","weight":0.6}],"clip_skip":2}`,
		[]string{"sd_v1.5_f16", "Scale Alike"},
	},
	{
		"SwarmUI", `{"sui_image_params":{"prompt":"a cat","negativeprompt":"dog","model":"sd/xl","seed":5,"steps":20,"cfgscale":7.0,"width":1024,"height":1024,"sampler":"dpmpp_2m","scheduler":"karras","loras":["a/b"],"loraweights":["0.5"],"swarm_version":"0.9.2"}}`,
		`{"tool":"SwarmUI","version":"0.9.2","dialect":"comfyui","prompt":"a cat","negative":"dog","seed":5,"steps":20,"guidance":7,"sampler":"dpmpp_2m","schedule":"karras","width":1024,"height":1024,"model":"xl","loras":[{"name":"b","weight":0.5}]}`,
		nil,
	},
	{
		"Darkroom", `{"prompt":"a cat","seed":5,"steps":20,"guidance":7,"sampler":"ddim","model":"/m/a.safetensors"}`,
		`{"tool":"Darkroom","version":"` + engine.Version + `","prompt":"a cat","seed":5,"steps":20,"guidance":7,"sampler":"DDIM","model":"a"}`,
		[]string{},
	},
}

func TestObjects(t *testing.T) { check(t, objects) }

// No recipe is made of what is none.
func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", "a cat", "{}", "[]", "null", `{"a":1}`, `{"nodes":[]}`, `{"nodes":[1,"a",null],"links":[[],null,3]}`,
		`{"name":"x","version":"1.2.3","main":"index.js"}`, "Steps: 20, Seed: 1", `{"1":{"class_type":"LoadImage","inputs":{}}}`,
	} {
		if r, err := Parse(text); !errors.Is(err, ErrNone) {
			t.Errorf("%q: %+v, %v", text, r, err)
		}
	}
}

// A graph that uses one text over and over makes no endless prompt.
func TestGraphStaysSmall(t *testing.T) {
	var b strings.Builder
	for i := range 60 { // each twice the one before
		fmt.Fprintf(&b, `"%d":{"class_type":"ConditioningCombine","inputs":{"conditioning_1":["%d",0],"conditioning_2":["%d",0]}},`, 100+i, 101+i, 101+i)
	}
	fmt.Fprintf(&b, `"160":{"class_type":"CLIPTextEncode","inputs":{"text":"%s","clip":["4",1]}},"9":{`, strings.Repeat("a", 100_000))
	r, err := Parse(changed(`"positive":["6",0]`, `"positive":["100",0]`, `"9":{`, b.String()))
	if err != nil || len(r.Prompt) > metadata.MaxText+10_000 || len(r.Prompt) < 100_000 {
		t.Errorf("a prompt of %d bytes, %v", len(r.Prompt), err)
	}
}

// The longest files there can be are read in no time, whatever is in them.
func TestLongTextsAreQuick(t *testing.T) {
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	const settings = "\naa: 1, bb: 2, cc: 3"
	for name, text := range map[string]string{
		"lines":     strings.Repeat("a\n", 1<<19),
		"keys":      "a\n" + many(90_000, "k%d: 1, "),
		"quotes":    "a\n" + strings.Repeat(`aa:"b" `, 1<<15),
		"no values": strings.Repeat("aa: ", 1<<16),
		"LoRAs":     strings.Repeat("<lora:a>", 1<<15) + settings,
		"no LoRAs":  strings.Repeat("<lora:", 1<<15) + settings,
		"parts":     `{"image":{"prompt":[` + strings.Repeat(`{"prompt":"a"},`, 60_000) + `{}]}}`,
		"brackets":  `{"image":{"prompt":"` + strings.Repeat("[", 1<<18) + `"}}`,
		"nodes":     "{" + many(4000, `"%[1]d":{"class_type":"SaveImage","inputs":{"images":["a%[1]d",0]}},"a%[1]d":{"class_type":"x","inputs":{"image":["a0",0]}},`) + basic[1:],
	} {
		begin := time.Now()
		if r, err := Parse(text); err == nil { // whether it is a recipe or not
			r.Request(nil)
		}
		if d := time.Since(begin); d > 10*time.Second {
			t.Errorf("%s took %v", name, d)
		}
	}
}

// Which of several texts is used: Darkroom's own, then the most exact.
func TestOrder(t *testing.T) {
	own := objects[len(objects)-1].text
	for _, c := range []struct {
		tool  string
		texts []metadata.Text
	}{
		{"Darkroom", []metadata.Text{{Key: "parameters", Value: texts[0].text}, {Key: "prompt", Value: basic}, {Key: "darkroom", Value: own}}},
		{"ComfyUI", []metadata.Text{{Key: "parameters", Value: texts[0].text}, {Key: "workflow", Value: "{}"}, {Key: "prompt", Value: basic}}},
		{"AUTOMATIC1111's web UI", []metadata.Text{{Key: "darkroom", Value: "{damaged"}, {Key: "parameters", Value: texts[0].text}}},
		{"ComfyUI", []metadata.Text{{Key: "Make", Value: "workflow:{}"}, {Key: "Model", Value: "prompt:" + basic}}},
	} {
		r, err := interpret(c.texts)
		if err != nil || r.Tool != c.tool {
			t.Errorf("%q: %q, %v", c.texts, r.Tool, err)
		}
		if c.texts[0].Value == "{damaged" && (len(r.Notes) == 0 || !strings.Contains(r.Notes[0], "can't be used")) {
			t.Errorf("the damage is not told: %q", r.Notes)
		}
	}
	if r, err := interpret([]metadata.Text{{Key: "Comment", Value: "made with a camera"}, {Key: "Model", Value: "X100"}}); err == nil {
		t.Errorf("%+v", r)
	}
	r, err := interpret([]metadata.Text{{Key: "parameters", Value: "a cat\nNegative prompt: dog"}})
	if err != nil || r.Prompt != "a cat" || r.Negative != "dog" || len(r.Notes) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ content, want string }{
		"words.txt":  {"\ufeffa\r\nSteps: 20, Sampler: Euler, Seed: 1\r\n", ""},
		"graph.json": {basic, ""},
		"photo.jpg":  {"\xff\xd8\xff\xd9", ErrNone.Error()},
		"cut.jpg":    {"\xff\xd8\xff\xe1\x10\x00Exif", "cut short"},
		"other.gif":  {"GIF89a\xff\xff", "not a PNG, JPEG or WebP"},
		"long.txt":   {strings.Repeat("a", metadata.MaxText+1), "not a PNG, JPEG or WebP"},
		"empty.txt":  {"", ErrNone.Error()},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadFile(path)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := ReadFile(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func FuzzReadFile(f *testing.F) {
	f.Add([]byte(metadata.Signature + string(metadata.TextChunk("prompt", basic).Append(nil))))
	f.Add([]byte(metadata.Signature + string(metadata.TextChunk("parameters", texts[0].text).Append(nil))))
	f.Add([]byte(texts[1].text))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := Read(bytes.NewReader(b)); err == nil {
			if q, _ := r.Request(nil); q.Validate() != nil {
				t.Errorf("%+v can't be drawn", q)
			}
		}
	})
}

// InvokeAI calls some schedulers by names that mean others elsewhere.
func TestInvokeSampler(t *testing.T) {
	for name, want := range map[string][2]string{
		"euler_k": {"euler", "karras"}, "k_euler_a": {"euler_a", ""}, "dpmpp_2s": {"dpmpp_2s", ""},
		"unipc": {"uni_pc_bh2", ""}, "unipc_k": {"uni_pc_bh2", "karras"},
	} {
		if name, curve := invokeSampler(name); name != want[0] || curve != want[1] {
			t.Errorf("%q, %q, want %q", name, curve, want)
		}
	}
}

// No fresh noise is a value like any other, and not what nothing is said about.
func TestZeroIsStated(t *testing.T) {
	r, err := Parse("a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x512, Eta: 0, Sigma noise: 0, Version: v1.10.1")
	if err != nil {
		t.Fatal(err)
	}
	if q, _ := r.Request(nil); q.Eta == nil || *q.Eta != 0 {
		t.Errorf("eta 0 is restored as %v", q.Eta)
	}
	none := 0.0
	if words := Extras(engine.Request{Eta: &none}); len(words) != 1 || words[0] != "eta 0" {
		t.Errorf("eta 0 is told as %q", words)
	}
}
