package models

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"darkroom/engine/checkpoint"
)

// open is a new library in a folder of its own.
func open(t *testing.T) *Library {
	t.Helper()
	l, err := Open(filepath.Join(t.TempDir(), "settings", "models.json"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// save writes a file with tensors of these names, each of one number.
func save(t *testing.T, path string, names ...string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	var list []checkpoint.Tensor
	for _, n := range names {
		list = append(list, checkpoint.Tensor{Name: n, Shape: []int{1}, Data: []float32{float32(len(path))}})
	}
	if err := checkpoint.Write(path, list, checkpoint.F16, nil); err != nil {
		t.Fatal(err)
	}
}

var whole = []string{"model.diffusion_model.out.2.weight", "first_stage_model.quant_conv.weight", "cond_stage_model.transformer.text_model.final_layer_norm.weight"}

// scan lists "name kind" of what is found.
func scanned(t *testing.T, l *Library) (list []string, all Listing) {
	t.Helper()
	all, err := l.Scan(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all.Models {
		list = append(list, m.Name+": "+string(m.Kind))
	}
	return list, all
}

func expect(t *testing.T, what string, got, want []string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// TestLayouts has the folders of the web UI and of ComfyUI as they are, with things
// in them that are no models.
func TestLayouts(t *testing.T) {
	a, c := filepath.Join(t.TempDir(), "webui"), filepath.Join(t.TempDir(), "ComfyUI")
	save(t, filepath.Join(a, "models/Stable-diffusion/anime/alpha.safetensors"), whole...)
	save(t, filepath.Join(a, "models/Lora/style.safetensors"), "lora_unet_x.lora_down.weight")
	save(t, filepath.Join(a, "models/VAE/clear.safetensors"), "first_stage_model.decoder.conv_in.weight")
	save(t, filepath.Join(a, "models/VAE/riddle.safetensors"), "something.else")
	save(t, filepath.Join(a, "embeddings/bad.safetensors"), "emb_params")
	save(t, filepath.Join(a, "venv/lib/torch.safetensors"), "x")
	save(t, filepath.Join(a, "outputs/latent.safetensors"), "x")
	save(t, filepath.Join(c, "models/checkpoints/beta.safetensors"), whole...)
	save(t, filepath.Join(c, "models/loras/peft.safetensors"), "unet.down_blocks.0.attentions.0.to_q.lora_A.weight")
	save(t, filepath.Join(c, "models/unet/bare.safetensors"), "model.diffusion_model.input_blocks.0.0.weight")
	save(t, filepath.Join(c, "models/diffusion_models/flux.safetensors"), "double_blocks.0.img_attn.qkv.weight")
	save(t, filepath.Join(c, "models/controlnet/edges.safetensors"), "control_model.input_hint_block.0.weight")
	save(t, filepath.Join(c, "models/text_encoders/words.safetensors"), "text_model.encoder.layers.0.mlp.fc1.weight")
	save(t, filepath.Join(c, "models/embeddings/good.safetensors"), "clip_l", "clip_g")
	save(t, filepath.Join(c, "custom_nodes/node.safetensors"), "x")
	if err := os.WriteFile(filepath.Join(c, "models/checkpoints/put_checkpoints_here"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l := open(t)
	for _, folder := range []string{a, c, a} {
		if err := l.Add(folder); err != nil {
			t.Fatal(err)
		}
	}
	got, all := scanned(t, l)
	expect(t, "the models are", got, []string{
		"alpha: model", "bad: embedding", "bare: U-Net", "beta: model", "clear: autoencoder", "edges: ControlNet", "flux: U-Net",
		"good: embedding", "peft: LoRA", "riddle: autoencoder", "style: LoRA", "words: text encoder",
	})
	if len(all.Problems) > 0 {
		t.Errorf("problems: %v", all.Problems)
	}
}

func TestFoldersAndLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege")
	}
	dir := t.TempDir()
	save(t, filepath.Join(dir, "elsewhere/linked.safetensors"), whole...)
	save(t, filepath.Join(dir, "models/sub/.hidden/no.safetensors"), whole...)
	if err := os.CopyFS(filepath.Join(dir, "models/pipe"), os.DirFS("../pipeline/testdata/tiny")); err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{
		"models/broken/model_index.json": "{}", "models/sub/pickle.bin": "PK\x03\x04 some program's own",
		"models/cut.safetensors": "\x10\x00\x00\x00\x00\x00\x00\x00{", "models/readme.txt": "hello",
		"models/models--owner--name/snapshots/abc/model_index.json": "{}",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for to, link := range map[string]string{
		"elsewhere": "models/over there", "models": "models/sub/round", "elsewhere/linked.safetensors": "models/same.safetensors", "nothing": "models/lost.safetensors", "nothing at all": "models/some link",
	} {
		if err := os.Symlink(filepath.Join(dir, to), filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	l := open(t)
	if err := l.Add(filepath.Join(dir, "models")); err != nil {
		t.Fatal(err)
	}
	got, all := scanned(t, l)
	expect(t, "the models are", got, []string{"broken: model", "cut: unknown", "linked: model", "owner/name: model", "pipe: model"})
	byName := map[string]Model{}
	for _, m := range all.Models {
		byName[m.Name] = m
	}
	if pipe := byName["pipe"]; !pipe.Folder || pipe.Family != "Stable Diffusion 1.x" || pipe.Parameters < 10_000 || pipe.Size < 2*int64(pipe.Parameters) || pipe.Trouble != "" {
		t.Errorf("the model folder is %+v", pipe)
	}
	if m := byName["cut"]; !strings.Contains(m.Trouble, "download it again") {
		t.Errorf("the damaged file's trouble is %q", m.Trouble)
	}
	if m := byName["broken"]; !strings.Contains(m.Trouble, "none of the parts") {
		t.Errorf("the empty model folder's trouble is %q", m.Trouble)
	}
	if len(all.Problems) != 1 || !strings.Contains(all.Problems[0].Err.Error(), "link to nothing") {
		t.Errorf("problems: %v", all.Problems)
	}
}

// TestRemembers makes sure that files are opened once, and again when they have
// changed, also by another run of the program.
func TestRemembers(t *testing.T) {
	dir, l := t.TempDir(), open(t)
	file := filepath.Join(dir, "a.safetensors")
	save(t, file, whole...)
	if err := l.Add(dir); err != nil {
		t.Fatal(err)
	}
	_, all := scanned(t, l)
	before := all.Models[0]
	// of the same size and time, so that nothing shows that it is another
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	info, _ := os.Stat(file)
	if err := os.WriteFile(file, make([]byte, len(b)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	again, err := Open(l.path)
	if err != nil {
		t.Fatal(err)
	}
	if _, all = scanned(t, again); all.Models[0].Kind != Whole || all.Models[0].Parameters != before.Parameters {
		t.Errorf("the file was opened again: %+v", all.Models[0])
	}
	sum := sha256.Sum256(make([]byte, len(b)))
	for range 2 { // read, and remembered
		if got, err := again.Hash(context.Background(), file, nil); err != nil || got != hex.EncodeToString(sum[:]) {
			t.Errorf("its hash is %s (%v)", got, err)
		}
	}
	if _, all = scanned(t, l); all.Models[0].Short() != hex.EncodeToString(sum[:5]) {
		t.Errorf("the hash that the other run has found is %q here", all.Models[0].SHA256)
	}
	later := info.ModTime().Add(time.Minute)
	if err := os.Chtimes(file, later, later); err != nil {
		t.Fatal(err)
	}
	if _, all = scanned(t, l); all.Models[0].Trouble == "" || all.Models[0].SHA256 != "" {
		t.Errorf("the changed file is still %+v", all.Models[0])
	}
}

// TestPictures lists pictures that are textual inversions, and looks into others once.
func TestPictures(t *testing.T) {
	embedding, err := os.ReadFile("../adapter/testdata/embedding_text.png")
	if err != nil {
		t.Fatal(err)
	}
	dir, l := t.TempDir(), open(t)
	changed := time.Now().Add(-time.Hour).Truncate(time.Second)
	put := func(name string, b []byte) {
		t.Helper()
		path := filepath.Join(dir, filepath.FromSlash(name))
		err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, b, 0o600), os.Chtimes(path, changed, changed))
		if err != nil {
			t.Fatal(err)
		}
	}
	plain := make([]byte, len(embedding))
	put("top.png", embedding)
	put("embeddings/sub/word.png", embedding)
	put("embeddings/sub/photo.png", plain)
	put("other/deep.png", embedding) // one picture of many, there
	put("Lora/style.png", embedding)
	put("embeddings/strange.bin", plain)
	save(t, filepath.Join(dir, "embeddings/safe.safetensors"), "emb_params")
	if err := l.Add(dir); err != nil {
		t.Fatal(err)
	}
	want := []string{"safe: embedding", "strange: embedding", "top: embedding", "word: embedding"}
	got, _ := scanned(t, l)
	expect(t, "there are", got, want)
	put("top.png", plain) // nothing shows that it is another
	put("embeddings/sub/photo.png", embedding)
	got, _ = scanned(t, l)
	expect(t, "without another look there are", got, want)
	changed = changed.Add(time.Minute)
	put("top.png", plain)
	put("embeddings/sub/photo.png", embedding)
	got, _ = scanned(t, l)
	expect(t, "after a change there are", got, []string{"photo: embedding", "safe: embedding", "strange: embedding", "word: embedding"})
}

// TestOthersArePassedOver looks once into a file that any program may have written.
func TestOthersArePassedOver(t *testing.T) {
	dir, l := t.TempDir(), open(t)
	file := filepath.Join(dir, "a.bin")
	save(t, file, "anything")
	if err := l.Add(dir); err != nil {
		t.Fatal(err)
	}
	got, _ := scanned(t, l)
	expect(t, "there are", got, nil)
	if _, known := l.state.Files[file]; !known {
		t.Error("the file is looked into at every scan")
	}
}

func TestFind(t *testing.T) {
	dir, l := t.TempDir(), open(t)
	files := map[string][]string{
		"one/Dream Shaper.safetensors": whole, "two/twin.safetensors": whole, "three/twin.safetensors": append([]string{"more"}, whole...),
		"Lora/dream shaper.safetensors": {"lora_unet_x.lora_up.weight"}, "Lora/only.safetensors": {"lora_unet_x.lora_up.weight"},
	}
	for name, tensors := range files {
		save(t, filepath.Join(dir, name), tensors...)
	}
	if err := l.Add(dir); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "three/twin.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	full := hex.EncodeToString(sum[:])
	for _, test := range []struct{ name, want, err string }{
		{"Dream Shaper", "one/Dream Shaper.safetensors", ""},
		{"dream shaper", "Lora/dream shaper.safetensors", ""}, // exactly
		{"DREAM SHAPER", "one/Dream Shaper.safetensors", ""},  // a whole model before others
		{"dream shaper.safetensors", "one/Dream Shaper.safetensors", ""},
		{"One/dream shaper", "one/Dream Shaper.safetensors", ""},
		{filepath.Join(dir, "Lora/only.safetensors"), "Lora/only.safetensors", ""},
		{"only", "Lora/only.safetensors", ""},
		{"two/twin", "two/twin.safetensors", ""},
		{"twin", "", "2 models are called"},
		{full[:10], "three/twin.safetensors", ""},
		{strings.ToUpper(full), "three/twin.safetensors", ""},
		{"renamed.safetensors [" + full[:10] + "]", "three/twin.safetensors", ""},
		{"two/twin.safetensors [0123456789]", "two/twin.safetensors", ""},
		{"0123456789", "", "begins with 0123456789"},
		{full[:9], "", "neither a path nor the name"},
		{"nobody", "", "Dream Shaper, twin, twin"},
		{"", "", "neither"},
	} {
		m, err := l.Find(context.Background(), test.name, nil)
		switch {
		case test.err != "":
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%q is %s (%v), want an error that says %q", test.name, m.Path, err, test.err)
			}
			if !strings.Contains(test.err, "2 models") && !errors.Is(err, ErrUnknown) {
				t.Errorf("%q: %v is not ErrUnknown", test.name, err)
			}
		case err != nil || m.Path != filepath.Join(dir, test.want):
			t.Errorf("%q is %s (%v), want %s", test.name, m.Path, err, test.want)
		}
	}
}

// TestResolve finds files of one kind by name, and takes for a path only what is
// written like one.
func TestResolve(t *testing.T) {
	dir, here := t.TempDir(), t.TempDir()
	for _, path := range []string{"a/loras/style.safetensors", "b/loras/style.safetensors", "a/loras/ink.safetensors", "a/loras/docs.safetensors"} {
		save(t, filepath.Join(dir, path), "lora_unet_x.lora_down.weight")
	}
	save(t, filepath.Join(dir, "a/vae/clear.safetensors"), "first_stage_model.decoder.conv_in.weight")
	save(t, filepath.Join(here, "docs/x.safetensors"), "x")
	save(t, filepath.Join(here, "ink.safetensors"), "x")
	save(t, filepath.Join(here, "other.safetensors"), "x")
	save(t, filepath.Join(here, "sub/ink.safetensors"), "x")
	if err := os.WriteFile(filepath.Join(here, "bare"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(here)
	l := open(t)
	if err := l.Add(dir); err != nil {
		t.Fatal(err)
	}
	_, all := scanned(t, l)
	in := func(path string) string { return filepath.Join(dir, path) }
	for _, test := range []struct {
		name string
		kind Kind
		want string // "" for an error
		err  string
	}{
		{"docs", LoRA, in("a/loras/docs.safetensors"), ""},
		{"Ink", LoRA, in("a/loras/ink.safetensors"), ""},
		{"ink.safetensors", LoRA, in("a/loras/ink.safetensors"), ""},
		{"./ink.safetensors", LoRA, "./ink.safetensors", ""},
		{"sub/ink.safetensors", LoRA, "sub/ink.safetensors", ""},
		{"other.safetensors", LoRA, "other.safetensors", ""},
		{in("a/vae/clear.safetensors"), LoRA, in("a/vae/clear.safetensors"), ""},
		{"./docs", VAE, "./docs", ""},
		{"docs", VAE, "", "no autoencoder of that name among 1"},
		{"bare", LoRA, "", "no LoRA of that name among 4"},
		{"none.safetensors", LoRA, "", "no LoRA of that name"},
		{"sub/none", LoRA, "", "no LoRA of that name"},
		{"style", LoRA, "", "2 of that name are in the library"},
		{"a/loras/style", LoRA, in("a/loras/style.safetensors"), ""},
		{"clear", VAE, in("a/vae/clear.safetensors"), ""},
	} {
		got, err := all.Resolve(test.name, test.kind)
		if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s %s: %q, %v; want %q, %q", test.kind, test.name, got, err, test.want, test.err)
		}
	}
}

func TestScanEnds(t *testing.T) {
	dir, l := t.TempDir(), open(t)
	for i := range 20 {
		save(t, filepath.Join(dir, fmt.Sprintf("%d.safetensors", i)), "x")
	}
	if err := l.Add(dir); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	found := 0
	_, err := l.Scan(ctx, func(n int) {
		found = n
		if n == 3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || found != 3 {
		t.Errorf("after the end, %d models were found (%v)", found, err)
	}
	if _, err := l.Hash(ctx, filepath.Join(dir, "1.safetensors"), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a hash was made after the end (%v)", err)
	}
}

func TestAddForgetDelete(t *testing.T) {
	dir, l := t.TempDir(), open(t)
	mine, ours := filepath.Join(dir, "mine.safetensors"), filepath.Join(dir, "downloads", "ours.safetensors")
	save(t, mine, whole...)
	save(t, ours, whole...)
	if err := l.Add(filepath.Join(dir, "nowhere")); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("a folder that is not there: %v", err)
	}
	if err := l.Add(filepath.Join(l.path)); err == nil { // not written yet
		t.Error("the library's own file was added")
	}
	for _, err := range []error{l.Add(mine), l.Choose(ours), l.Downloaded(ours, Origin{Source: "somebody/something", Licence: "mit"})} {
		if err != nil {
			t.Fatal(err)
		}
	}
	got, all := scanned(t, l)
	expect(t, "the models are", got, []string{"mine: model", "ours: model"})
	if all.Models[0].Origin != nil || all.Models[1].Origin == nil || all.Models[1].Origin.Licence != "mit" {
		t.Errorf("the origins are %v and %v", all.Models[0].Origin, all.Models[1].Origin)
	}
	if err := l.Delete(mine); err == nil || !exists(mine) {
		t.Errorf("the person's own file was deleted (%v)", err)
	}
	if err := l.Delete(ours); err != nil || exists(ours) || l.Chosen() != "" {
		t.Errorf("the download was not deleted, or is still chosen (%v)", err)
	}
	if was, err := l.Forget(mine); !was || err != nil || !exists(mine) {
		t.Errorf("forgetting a file: %v, %v", was, err)
	}
	if was, err := l.Forget(mine); was || err != nil {
		t.Errorf("forgetting it twice: %v, %v", was, err)
	}
	got, _ = scanned(t, l)
	expect(t, "at last the models are", got, nil)
}

// TestDeleteFolder makes sure that what a person has put into a downloaded folder stays.
func TestDeleteFolder(t *testing.T) {
	l, dir := open(t), filepath.Join(t.TempDir(), "somebody--something")
	save(t, filepath.Join(dir, "unet/model.safetensors"), "x")
	save(t, filepath.Join(dir, "vae/model.safetensors"), "x")
	save(t, filepath.Join(dir, "vae/mine.safetensors"), "x")
	from := Origin{Files: []string{"unet/model.safetensors", "vae/model.safetensors", "gone.json"}}
	if err := l.Downloaded(dir, from); err != nil {
		t.Fatal(err)
	}
	if err := l.Delete(dir); err != nil {
		t.Fatal(err)
	}
	if exists(filepath.Join(dir, "unet")) || exists(filepath.Join(dir, "vae/model.safetensors")) || !exists(filepath.Join(dir, "vae/mine.safetensors")) {
		t.Error("not the downloaded files were deleted, or others")
	}
}

func TestDamagedLibrary(t *testing.T) {
	l := open(t)
	if err := os.MkdirAll(filepath.Dir(l.path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(l.path, []byte(`{"folders": [`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(l.path); err == nil || !strings.Contains(err.Error(), "delete the file and add your folders again") {
		t.Errorf("a damaged library: %v", err)
	}
	if err := l.Add(t.TempDir()); err == nil {
		t.Error("a damaged library was written over")
	}
}

// TestInspectTells checks that what is told of an inspection grows up to all of it,
// and that nothing is read without being asked for.
func TestInspectTells(t *testing.T) {
	path := filepath.Join(t.TempDir(), "some.safetensors")
	save(t, path, "lora_unet_a", "lora_unet_b")
	var told []float64
	in, err := Inspect(context.Background(), path, true, func(share float64) { told = append(told, share) })
	if err != nil {
		t.Fatal(err)
	}
	if in.Kind != LoRA || len(in.SHA256) != 64 || in.Parts[0].Parameters != 2 {
		t.Errorf("inspected: %+v", in)
	}
	if n := len(told); n < 3 || told[n-1] != 1 || !slices.IsSorted(told) {
		t.Errorf("told %v, want ever more and 1 at last", told)
	}
	if in, err = Inspect(context.Background(), path, false, func(float64) { t.Error("told of a quick look") }); err != nil || in.Scanned || in.SHA256 != "" {
		t.Errorf("a quick look: %+v, %v", in, err)
	}
}
