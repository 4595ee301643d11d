package train

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"darkroom/engine/checkpoint"
	"darkroom/engine/nn"
	"darkroom/engine/schedule"
	"darkroom/engine/train/data"
	"darkroom/engine/train/words"
)

// writeToyWords leaves the state that Words does.
func writeToyWords(t *testing.T, o Options) {
	t.Helper()
	corpus, err := words.Read(func(each func([]string)) error {
		for range 40 {
			each(strings.Fields("a red box beside a blue ball below the roof"))
		}
		return nil
	}, 5)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(o.path("run"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := words.New(corpus, 8).Save(o.path("run", wordsState)); err != nil {
		t.Fatal(err)
	}
}

// Every stage leaves what the next begins with, and a model that draws.
func TestStages(t *testing.T) {
	o := toy(t)
	ctx := context.Background()
	stage := func(steps, batch int) Options {
		o.Steps, o.Batch, o.LR, o.Every = steps, batch, 3e-3, steps
		return o
	}
	if err := Text(ctx, stage(1, 8)); err == nil || !strings.Contains(err.Error(), "train words") {
		t.Errorf("text without word vectors: error %v", err)
	}
	writeToyWords(t, o)
	if err := Denoiser(ctx, stage(1, 2), 16); err == nil {
		t.Error("a denoiser without its parts trains")
	}
	for _, train := range []func() error{
		func() error { return Text(ctx, stage(60, 16)) },
		func() error { return Preview(ctx, stage(1, 1)) },
		func() error { return TinyDecoder(ctx, stage(20, 2), 20) },
		func() error { return Denoiser(ctx, stage(3, 4), 20) },
		func() error { return FewStepsModel(ctx, stage(3, 4), 20, 2) },
	} {
		if err := train(); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{
		"run/text-loss.png", "run/text-000060.png", "run/denoiser-000003.png", "run/preview.png", "run/tiny-000020.png", "model/tiny/config.json", "run/fewsteps-000003.png", "model/image_encoder/model.safetensors", "model/scheduler/scheduler_config.json",
	} {
		if _, err := os.Stat(o.path(filepath.FromSlash(file))); err != nil {
			t.Error(err)
		}
	}
	past, err := readCurve(o.path("run", "text.loss.txt"), 60)
	if err != nil || len(past.points) != 3 || !(past.points[2].loss < 0.9*past.points[0].loss) {
		t.Errorf("the text stage's losses are %v, error %v", past, err)
	}
}

// Latents that an earlier run made are kept; those of a batch that is not whole, and of
// another autoencoder, are not.
func TestLatentsAreMadeOnce(t *testing.T) {
	o := toy(t)
	open := func(ctx context.Context, count int) *latentSet {
		t.Helper()
		l, err := o.latents(ctx, count)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return l
	}
	values := func(l *latentSet, i int) []float32 {
		v := make([]float32, l.size())
		if err := l.read(i, v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	whole := open(context.Background(), 32)
	want, said := values(whole, 30), whole.captions[30]
	if len(said) != wordings || slices.Contains(want, float32(math.NaN())) {
		t.Errorf("captions %q", said)
	}
	if err := whole.file.Truncate(int64(25 * 2 * whole.size())); err != nil {
		t.Fatal(err)
	}
	again := open(context.Background(), 32)
	if got := values(again, 30); !slices.Equal(got, want) || !slices.Equal(again.captions[30], said) {
		t.Error("a latent that was made again is another")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if l := open(ctx, 20); len(l.captions) != 20 {
		t.Errorf("%d latents where 20 were asked for", len(l.captions))
	}
	if _, err := o.latents(ctx, 60); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled run: %v", err)
	}
	c := nn.NewContext(context.Background())
	b, err := again.draw(c, rand.New(rand.NewPCG(1, 1)), 400)
	if err != nil {
		t.Fatal(err)
	}
	without := 0
	for _, caption := range b.captions {
		if caption == "" {
			without++
		}
	}
	if without < 20 || without > 70 {
		t.Errorf("%d of 400 are without a caption", without)
	}
	if err := os.WriteFile(filepath.Join(o.Model(), "vae", "other"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := o.latents(ctx, 64); !errors.Is(err, context.Canceled) {
		t.Errorf("latents of another autoencoder are taken: %v", err)
	}
}

func TestSNRWeight(t *testing.T) {
	levels, err := schedule.New(scheduleConfig)
	if err != nil {
		t.Fatal(err)
	}
	last := len(levels.AlphasCumprod) - 1
	if w := snrWeight(levels.AlphasCumprod[last]); math.Abs(w-1) > 1e-6 {
		t.Errorf("pure noise weighs %g", w)
	}
	for _, tt := range []struct{ snr, want float64 }{{0.5, 1 / 1.5}, {1, 0.5}, {3, 0.75}, {5, 5.0 / 6}, {99, 0.05}} {
		if got := snrWeight(tt.snr / (1 + tt.snr)); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("a ratio of %g weighs %g, want %g", tt.snr, got, tt.want)
		}
	}
}

// Noise and velocity are two views of one mixture: α·x − σ·v is the clean latent.
func TestVelocity(t *testing.T) {
	levels, err := schedule.New(scheduleConfig)
	if err != nil {
		t.Fatal(err)
	}
	c := nn.NewContext(context.Background())
	clean := nn.Wrap(normals(rand.New(rand.NewPCG(1, 1)), 2*4*4*4), 2, 4, 4, 4)
	b := newNoisy(c, levels, clean)
	r := rand.New(rand.NewPCG(2, 2))
	b.add(0, 999, r)
	b.add(1, 300, r)
	for j, want := range nn.Data(clean) {
		a := levels.AlphasCumprod[int(b.timesteps[j/64])]
		got := math.Sqrt(a)*float64(nn.Data(b.x)[j]) - math.Sqrt(1-a)*float64(b.velocity[j])
		if math.Abs(got-float64(want)) > 1e-5 {
			t.Fatalf("value %d is %g, want %g", j, got, want)
		}
	}
}

// A token that is a word starts at the word's vector, whatever the encoder's width.
func TestTokensStartFromWords(t *testing.T) {
	o := toy(t)
	writeToyWords(t, o)
	tok, err := loadTokenizer(o.Model())
	if err != nil {
		t.Fatal(err)
	}
	p := nn.Random(1)
	table := nn.NewEmbedding(p.Sub("token_embedding"), tok.Size(), 64)
	if err := o.startFromWords(tok, p); err != nil {
		t.Fatal(err)
	}
	m, err := words.Resume(o.path("run", wordsState))
	if err != nil {
		t.Fatal(err)
	}
	of := func(word string) []float32 {
		ids := tok.Encode(word)
		if len(ids) != 1 {
			t.Fatalf("%q is %d tokens", word, len(ids))
		}
		return nn.Data(table.Table)[ids[0]*64:][:64]
	}
	cos := func(a, b []float32) float64 {
		ua, _ := normalise(a, 1)
		ub, _ := normalise(b, 1)
		return cosine(ua, ub)
	}
	for _, pair := range [][2]string{{"box", "ball"}, {"red", "blue"}} {
		got, want := cos(of(pair[0]), of(pair[1])), cos(m.Vector(pair[0], true, true), m.Vector(pair[1], true, true))
		if math.Abs(got-want) > 0.35 {
			t.Errorf("%q: the tokens' cosine is %.2f, the words' %.2f", pair, got, want)
		}
	}
	if l := length(of("box")); math.Abs(float64(l)-tokenSpread*8) > 1e-3 {
		t.Errorf("a token's vector is %g long", l)
	}
}

// The pictures of a batch are as many as asked for, and half of them are of groups.
func TestContrasting(t *testing.T) {
	o := toy(t)
	set, err := data.Open(o.path("data"))
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	c := nn.NewContext(context.Background())
	x, examples := contrasting(c, set, rand.New(rand.NewPCG(3, 3)), 32, 16)
	if len(examples) != 32 || x.Shape()[0] != 32 {
		t.Fatalf("%d examples", len(examples))
	}
	for i, e := range examples {
		if e.Caption == "" || !slices.Equal(nn.Data(x)[i*16*16*3:][:16*16*3], e.Pix) {
			t.Errorf("example %d: %q", i, e.Caption)
		}
	}
	if e := examples; e[0].Concept != e[1].Concept || e[0].Concept != e[2].Concept {
		t.Errorf("the first group is of things %d, %d and %d", e[0].Concept, e[1].Concept, e[2].Concept)
	}
}

func TestLoadEncodersOfWhatHasNone(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "model_index.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	folder, err := checkpoint.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LoadEncoders(folder); err == nil {
		t.Error("no error")
	}
}
