package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"darkroom/engine"
	"darkroom/engine/checkpoint"
	"darkroom/engine/gallery"
)

// atHome gives the test a library and a folder for downloads of its own.
func atHome(t *testing.T) (home string) {
	t.Helper()
	home = t.TempDir()
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "APPDATA"} {
		t.Setenv(name, home)
	}
	for _, name := range []string{"HF_TOKEN", "HF_ENDPOINT"} {
		t.Setenv(name, "")
	}
	return home
}

// says runs the program and checks its code and what it prints.
func says(t *testing.T, code int, want string, args ...string) string {
	t.Helper()
	var got int
	out, _ := printed(t, func() error { got = run(args); return nil })
	if got != code || !strings.Contains(out, want) {
		t.Errorf("darkroom %s: code %d, want %d; it prints %q, want %q in it", strings.Join(args, " "), got, code, out, want)
	}
	return out
}

// fails runs a verb for its error.
func fails(t *testing.T, want string, verb func(context.Context, []string) error, args ...string) {
	t.Helper()
	_, err := printed(t, func() error { return verb(context.Background(), args) })
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%q: the error is %v, want one that says %q", args, err, want)
	}
}

// TestLibrary adds a folder, draws by name, chooses and forgets.
func TestLibrary(t *testing.T) {
	home := atHome(t)
	folder := filepath.Join(home, "my models")
	if err := os.CopyFS(filepath.Join(folder, "checkpoints", "Tiny One"), os.DirFS(tinyModel)); err != nil {
		t.Fatal(err)
	}
	says(t, 0, "no folder yet", "models", "list")
	says(t, 0, "1 models", "models", "add", folder)
	says(t, 0, "Tiny One", "models", "list")
	out := says(t, 0, `"family":"Stable Diffusion 1.x"`, "models", "list", "--json", "--kind", "MODEL")
	var m listedModel
	if err := json.Unmarshal([]byte(out), &m); err != nil || m.Name != "Tiny One" || m.Bytes == 0 || m.Chosen {
		t.Errorf("the list is %q (%v)", out, err)
	}
	says(t, 0, "no such models", "models", "list", "--kind", "LoRA")

	draws := func(want string, args ...string) {
		t.Helper()
		picture := filepath.Join(home, "x.png")
		says(t, 0, "", append([]string{"generate", "--prompt", "x", "--steps", "2", "--out", picture}, args...)...)
		if r, err := gallery.ReadFile(picture); err != nil || !strings.HasSuffix(r.Model, want) {
			t.Errorf("generate %v drew with %s (%v), want %s", args, r.Model, err, want)
		}
	}
	draws("Tiny One", "--model", "tiny one")
	says(t, 0, "Tiny One", "models", "use", "TINY ONE")
	says(t, 0, "* Tiny One", "models", "list")
	draws("Tiny One")
	says(t, 0, "", "models", "use", "default")
	draws(engine.DefaultModel)

	fails(t, "neither a path nor the name", generate, "--prompt", "x", "--out", filepath.Join(home, "x.png"), "--model", "tiny two")
	fails(t, "delete the file yourself", modelsVerb, "remove", "tiny one")
	fails(t, "does not exist", modelsVerb, "add", filepath.Join(home, "nowhere"))
	says(t, 0, "is forgotten; nothing was deleted", "models", "remove", folder)
	fails(t, "neither a path", modelsVerb, "remove", "tiny one")
	if _, err := os.Stat(filepath.Join(folder, "checkpoints", "Tiny One", "model_index.json")); err != nil {
		t.Error(err)
	}
	for _, args := range [][]string{{"models"}, {"models", "dance"}, {"models", "add"}, {"models", "add", "a", "b"}, {"models", "list", "x"}, {"models", "get", "x/y", "--sha256", "12"}} {
		says(t, 2, "", args...)
	}
	for _, args := range [][]string{{"models", "--help"}, {"models", "get", "--help"}, {"models", "list", "-h"}} {
		says(t, 0, "usage", args...)
	}
}

// TestGet fetches a model from a hub, after its licence was accepted, and deletes it.
func TestGet(t *testing.T) {
	home := atHome(t)
	single := filepath.Join(t.TempDir(), "single.safetensors")
	says(t, 0, "Stable Diffusion 1.x", "convert", tinyModel, single)
	weights, err := os.ReadFile(single)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(weights)
	sum := hex.EncodeToString(digest[:])
	hub := http.NewServeMux()
	hub.HandleFunc("/api/models/somebody/tiny/revision/main", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{
			"sha": "abc", "tags": []string{"license:openrail"},
			"siblings": []any{map[string]any{"rfilename": "single.safetensors", "size": len(weights), "lfs": map[string]any{"sha256": sum, "size": len(weights)}}},
		})
	})
	asked := 0
	hub.HandleFunc("/somebody/tiny/resolve/abc/single.safetensors", func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.ServeFile(w, r, single)
	})
	server := httptest.NewServer(hub)
	defer server.Close()
	t.Setenv("HF_ENDPOINT", server.URL)

	// the test has no terminal at which the licence could be accepted
	stdin := os.Stdin
	defer func() { os.Stdin = stdin }()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	write.Close()
	os.Stdin = read
	fails(t, "--accept-licence", modelsVerb, "get", "somebody/tiny")
	if asked > 0 {
		t.Error("it was fetched before the licence was accepted")
	}
	fails(t, "was promised", modelsVerb, "get", "somebody/tiny", "--accept-licence", "--sha256", strings.Repeat("0", 64))
	path := filepath.Join(home, "darkroom", "models", "single.safetensors")
	says(t, 0, path, "models", "get", "somebody/tiny", "--accept-licence")
	if b, err := os.ReadFile(path); err != nil || string(b) != string(weights) {
		t.Errorf("%d bytes came (%v)", len(b), err)
	}
	says(t, 0, `"source":"somebody/tiny","licence":"openrail"`, "models", "list", "--json")
	says(t, 0, sum, "inspect", "single ["+sum[:10]+"]")
	fails(t, "say --yes", modelsVerb, "remove", "single")
	if _, err := os.Stat(path); err != nil {
		t.Error("it was deleted without a yes")
	}
	says(t, 0, "is deleted", "models", "remove", "--yes", "single")
	if _, err := os.Stat(path); err == nil {
		t.Error("it was not deleted")
	}
	fails(t, "nothing there", modelsVerb, "get", "somebody/else")
}

// TestInspect looks at a sound model, a damaged one and things that are none.
func TestInspect(t *testing.T) {
	atHome(t)
	dir := t.TempDir()
	see := func(path string, args ...string) (in inspection) {
		t.Helper()
		out, err := printed(t, func() error { return inspect(context.Background(), append([]string{path, "--json"}, args...)) })
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if err := json.Unmarshal([]byte(out), &in); err != nil {
			t.Fatal(err)
		}
		return in
	}
	in := see(tinyModel)
	if in.Family != "Stable Diffusion 1.x" || !in.Usable || in.Prediction != "epsilon" || len(in.Parts) != 3 || len(in.NonFinite) > 0 || !in.Scanned || in.SHA256 != "" {
		t.Errorf("the model folder is %+v", in)
	}
	for _, p := range in.Parts {
		if p.Parameters < 1000 || p.Bytes < 2*int64(p.Parameters) || len(p.Missing)+len(p.Unknown)+len(p.Misshapen) > 0 {
			t.Errorf("a part is %+v", p)
		}
	}
	says(t, 0, "every number is finite", "inspect", tinyModel)
	says(t, 0, "0 unknown and 0 missing tensors", "inspect", tinyModel, "--quick")

	// with a NaN, without one tensor, and with one too many
	damaged := filepath.Join(dir, "damaged")
	if err := os.CopyFS(damaged, os.DirFS(tinyModel)); err != nil {
		t.Fatal(err)
	}
	weights := filepath.Join(damaged, "vae", "diffusion_pytorch_model.safetensors")
	f, err := checkpoint.Open(weights)
	if err != nil {
		t.Fatal(err)
	}
	var list []checkpoint.Tensor
	nan := float32(0)
	nan /= nan
	for _, name := range f.Names() {
		data, err := f.Float32(name)
		if err != nil {
			t.Fatal(err)
		}
		shape, _ := f.Shape(name)
		switch name {
		case "decoder.conv_in.weight":
			continue
		case "decoder.conv_out.weight":
			data[3] = nan
		}
		list = append(list, checkpoint.Tensor{Name: name, Shape: shape, Data: data})
	}
	f.Close()
	list = append(list, checkpoint.Tensor{Name: "surplus", Shape: []int{1}, Data: []float32{1}})
	if err := checkpoint.Write(weights, list, checkpoint.F32, nil); err != nil {
		t.Fatal(err)
	}
	in = see(damaged)
	var part inspectedPart
	for _, p := range in.Parts {
		if p.Part == "vae" {
			part = p
		}
	}
	if in.Usable || !strings.Contains(in.Trouble, "decoder.conv_in.weight") || strings.Join(part.Missing, " ") != "decoder.conv_in.weight" || strings.Join(part.Unknown, " ") != "surplus" {
		t.Errorf("the damaged model is %+v", in)
	}
	if len(in.NonFinite) != 1 || in.NonFinite[0] != (nonFinite{"vae/decoder.conv_out.weight", 1, 0}) {
		t.Errorf("its numbers that are none: %+v", in.NonFinite)
	}
	says(t, 0, "pictures will be black or noise", "inspect", damaged)

	lora := filepath.Join(dir, "style.safetensors")
	if err := checkpoint.Write(lora, []checkpoint.Tensor{{Name: "lora_unet_x.lora_up.weight", Shape: []int{2}, Data: []float32{1, 2}}}, checkpoint.F16, map[string]string{"ss_network_dim": "8"}); err != nil {
		t.Fatal(err)
	}
	if in = see(lora); in.Kind != "LoRA" || in.Usable || in.Trouble == "" || in.Metadata["ss_network_dim"] != "8" || len(in.SHA256) != 64 || in.Parts[0].Parameters != 2 {
		t.Errorf("the LoRA is %+v", in)
	}
	says(t, 0, "ss_network_dim: 8", "inspect", lora)
	fails(t, "neither a path", inspect, filepath.Join(dir, "nothing"))
	if err := os.WriteFile(filepath.Join(dir, "page.safetensors"), []byte("<html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	fails(t, "web page", inspect, filepath.Join(dir, "page.safetensors"))
}

func TestConvert(t *testing.T) {
	atHome(t)
	dir := t.TempDir()
	out := filepath.Join(dir, "out.safetensors")
	says(t, 0, "Stable Diffusion 1.x", "convert", tinyModel, out, "--dtype", "bf16")
	f, err := checkpoint.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range f.Names() {
		if d, _ := f.DType(name); d != checkpoint.BF16 {
			t.Errorf("%s is %s", name, d)
		}
	}
	f.Close()
	fails(t, "--force to replace", convert, tinyModel, out)
	fails(t, "give the new file another name", convert, out, out, "--force")
	says(t, 0, "", "convert", tinyModel, out, "--force")
	fails(t, "choose f16, bf16 or f32", convert, tinyModel, out, "--dtype", "int3")
	fails(t, "must end in .safetensors", convert, tinyModel, filepath.Join(dir, "out.ckpt"))
	fails(t, "can't be written", convert, tinyModel, filepath.Join(dir, "no", "out.safetensors"))
	fails(t, "takes", convert, tinyModel)

	lora, other := filepath.Join(dir, "lora.safetensors"), filepath.Join(dir, "other.safetensors")
	if err := checkpoint.Write(lora, []checkpoint.Tensor{{Name: "lora_unet_x.lora_up.weight", Shape: []int{2}, Data: []float32{1, 1e30}}}, checkpoint.F32, map[string]string{"ss_a": "b"}); err != nil {
		t.Fatal(err)
	}
	fails(t, "write the file as F32", convert, lora, other, "--dtype", "f16")
	if _, err := os.Stat(other); err == nil {
		t.Error("half a file is there")
	}
	says(t, 0, "its tensors keep their names", "convert", lora, other)
	f, err = checkpoint.Open(other)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if x, err := f.Float32("lora_unet_x.lora_up.weight"); err != nil || x[1] != 1e30 || f.Metadata()["ss_a"] != "b" {
		t.Errorf("the LoRA became %v, %v (%v)", x, f.Metadata(), err)
	}
}
