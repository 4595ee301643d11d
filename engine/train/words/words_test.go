package words

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rhymes is a language of two topics: animals are said to run and sleep, plants to
// grow and bloom, one of each or several.
func rhymes(t *testing.T) *Corpus {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 1))
	topics := []struct{ who, does []string }{
		{[]string{"hound", "wolverine", "badger", "marten"}, []string{"runs", "sleeps", "hunts", "bites"}},
		{[]string{"tulip", "daffodil", "bramble", "ivy"}, []string{"grows", "blooms", "wilts", "roots"}},
	}
	one := func(list []string) string { return list[r.IntN(len(list))] }
	c, err := Read(func(each func([]string)) error {
		for i := range 6000 {
			topic := topics[i%2]
			if r.IntN(2) == 0 {
				each([]string{"one", one(topic.who), one(topic.does)})
			} else {
				each([]string{"many", one(topic.who) + "ings", one(topic.does)})
			}
		}
		each([]string{"once"})
		return nil
	}, 5)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var small = Config{Dim: 16, Epochs: 4, Window: 2, Negatives: 3, Drawn: 6, LR: 0.1, Subsample: 1}

func learn(t *testing.T, m *Model, c *Corpus, epochs int) {
	t.Helper()
	for m.Epoch < epochs {
		if err := m.Learn(context.Background(), c, small, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReadKeepsWhatIsFrequent(t *testing.T) {
	c := rhymes(t)
	if n := len(c.Words); n != 26 || slices.Contains(c.Words, "once") {
		t.Errorf("%d words: %q", n, c.Words)
	}
	if !slices.IsSortedFunc(c.Counts, func(a, b int) int { return b - a }) || len(c.sentences) != 6000 || c.Total != 18000 {
		t.Errorf("%d words in %d sentences, counts %v", c.Total, len(c.sentences), c.Counts)
	}
	if _, err := Read(func(each func([]string)) error { each([]string{"a", "b"}); return nil }, 2); err == nil || !strings.Contains(err.Error(), "too short") {
		t.Errorf("a text without frequent words: error %v", err)
	}
	broken := errors.New("unreadable")
	if _, err := Read(func(func([]string)) error { return broken }, 1); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func TestLearnsWhatBelongsTogether(t *testing.T) {
	c := rhymes(t)
	m := New(c, small.Dim)
	learn(t, m, c, small.Epochs)
	v := m.Common(100)
	animals := []string{"hound", "wolverine", "badger", "marten"}
	for _, w := range animals {
		for _, near := range v.Near(v.Of(w), 3, w) {
			if near.Word = strings.TrimSuffix(near.Word, "ings"); !slices.Contains(animals, near.Word) && !slices.Contains([]string{"runs", "sleeps", "hunts", "bites"}, near.Word) {
				t.Errorf("%s is near %s", w, near.Word)
			}
		}
	}
	if said := v.Analogy("hound", "houndings", "tulip", 4); !slices.ContainsFunc(said, func(n Neighbour) bool { return n.Word == "tulipings" }) {
		t.Errorf("hound is to houndings as tulip to %v", said)
	}
	// A word that was never read has the vector of its parts.
	if near := v.Near(m.Vector("wolverinings", true, true), 1); !strings.HasSuffix(near[0].Word, "ings") {
		t.Errorf("wolverinings is near %v", near)
	}
	if m.Vector("xyzzy", true, true) != nil || m.Vector("ound", false, false) != nil || v.Of("xyzzy") != nil || v.Analogy("xyzzy", "a", "b", 1) != nil {
		t.Error("something is known of nothing")
	}
}

// Stopped after two readings and resumed, the bits are those of a run without a break.
func TestResume(t *testing.T) {
	c := rhymes(t)
	whole := New(c, small.Dim)
	learn(t, whole, c, small.Epochs)
	half := New(c, small.Dim)
	learn(t, half, c, 2)
	path := filepath.Join(t.TempDir(), "w.safetensors")
	if err := half.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := Resume(path)
	if err != nil {
		t.Fatal(err)
	}
	learn(t, again, c, small.Epochs)
	if !slices.Equal(whole.in, again.in) || !slices.Equal(whole.out, again.out) {
		t.Error("a resumed run ends elsewhere")
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	big := &Corpus{Words: c.Words, Counts: c.Counts, Total: c.Total, sentences: slices.Repeat(c.sentences, 10)}
	if err := again.Learn(stopped, big, small, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled run: %v", err)
	}
	if err := again.Common(10).Write(path); err != nil {
		t.Fatal(err)
	}
	if _, err := Resume(path); err == nil || !strings.Contains(err.Error(), "delete it") {
		t.Errorf("a file of something else: error %v", err)
	}
}

func TestVectorsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "v.safetensors")
	v := newVectors([]string{"a", "b"}, 2, []float32{3, 4, 0, -2})
	if err := v.Write(path); err != nil {
		t.Fatal(err)
	}
	got, err := Open(path)
	if err != nil || !slices.Equal(got.Words, v.Words) {
		t.Fatalf("%v, error %v", got, err)
	}
	if b := got.Of("b"); b[0] != 0 || b[1] != -1 {
		t.Errorf("b is %v, of length one it would be [0 -1]", b)
	}
	if near := got.Near([]float32{1, 1}, 5, "b"); len(near) != 1 || near[0].Word != "a" || near[0].Cosine < 0.98 {
		t.Errorf("near: %v", near)
	}
	m := New(rhymes(t), 4)
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "train them again") {
		t.Errorf("a file of something else: error %v", err)
	}
}

func TestQuestions(t *testing.T) {
	if len(Questions) != 100 {
		t.Errorf("%d questions, want a hundred", len(Questions))
	}
	seen := map[[4]string]bool{}
	for _, q := range Questions {
		if q.Kind == "" || seen[q.Words] {
			t.Errorf("%v has no kind or is there twice", q)
		}
		seen[q.Words] = true
	}
	// a plane on which all go one to the right
	v := newVectors([]string{"man", "woman", "king", "queen", "stone"}, 3, []float32{1, 0, 0.1, 1, 1, 0.1, 1, 0, 2, 1, 1, 2, -1, 0, 0})
	answers := v.Ask()
	if a := answers[0]; a.Words[3] != "queen" || a.Rank != 1 || a.Said[0] != "queen" {
		t.Errorf("man is to woman as king to %v", a.Said)
	}
	if n := Right(answers, 5); n != 1 {
		t.Errorf("%d answers are right", n)
	}
}
