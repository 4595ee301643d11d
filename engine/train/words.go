package train

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"darkroom/engine/system"
	"darkroom/engine/train/data"
	"darkroom/engine/train/words"
)

const (
	wordsState = "words.safetensors" // in run/
	// wordsFile is where a model folder has the vectors of its most frequent words.
	wordsFile = "words/model.safetensors"

	publishedWords = 20000
	leastCount     = 5    // of words that get a vector
	captionsRead   = 2000 // beside the free texts
)

// Words trains word vectors on the free texts in the directory fetched and on
// captions. A run that was stopped goes on after the last whole reading of the text.
func Words(ctx context.Context, o Options, fetched string, cfg words.Config) error {
	set, err := o.openData()
	if err != nil {
		return err
	}
	defer set.Close()
	corpus, err := words.Read(func(each func([]string)) error {
		if err := data.Sentences(fetched, each); err != nil {
			return err
		}
		for _, caption := range set.Captions(captionsRead) {
			each(data.WordsOf(caption))
		}
		return nil
	}, leastCount)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Log, "words: %d words of text, %d different ones\n", corpus.Total, len(corpus.Words))
	path := o.path("run", wordsState)
	m, err := words.Resume(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		m = words.New(corpus, cfg.Dim)
	case err != nil:
		return err
	case m.Dim != cfg.Dim || len(m.Words) != len(corpus.Words):
		return fmt.Errorf("%s has %d vectors of %d numbers, this text needs %d of %d: delete it to start over", path, len(m.Words), m.Dim, len(corpus.Words), cfg.Dim)
	}
	if err := os.MkdirAll(o.path("run"), 0o755); err != nil {
		return err
	}
	past, err := readCurve(o.path("run", "words.loss.txt"), m.Epoch*corpus.Total)
	if err != nil {
		return err
	}
	bar := newProgress(o.Log, "words", m.Epoch*corpus.Total, cfg.Epochs*corpus.Total, 1)
	for m.Epoch < cfg.Epochs {
		err := m.Learn(ctx, corpus, cfg, func(read, loss float64) {
			bar.n = int((float64(m.Epoch) + read) * float64(corpus.Total))
			past.points = append(past.points, point{bar.n, loss})
			bar.tell(loss)
		})
		if err != nil {
			return err
		}
		if err := errors.Join(m.Save(path), past.write(o.path("run", "words.loss.txt")),
			past.draw(o.path("run", "words-loss.png"), "words: loss by words read")); err != nil {
			return err
		}
	}
	bar.n = bar.total
	bar.done()
	v := m.Common(publishedWords)
	published := filepath.Join(o.Model(), filepath.FromSlash(wordsFile))
	if err := errors.Join(os.MkdirAll(filepath.Dir(published), 0o755), o.publishCredits()); err != nil {
		return err
	}
	if err := v.Write(published); err != nil {
		return err
	}
	answers := v.Ask()
	fmt.Fprintf(o.Log, "words: %d of %d analogies right, %d in the first five\n", words.Right(answers, 1), len(answers), words.Right(answers, 5))
	return system.Replace(o.path("run", "words.txt"), func(w io.Writer) error {
		_, err := io.WriteString(w, describeWords(v, answers))
		return err
	})
}

// shownWords are those whose neighbours are written down.
var shownWords = strings.Fields("king queen dog cat apple car red blue happy volcano pizza house ocean guitar snow robot dragon teacher small left above two night cartoon")

// describeWords shows what vectors have learnt.
func describeWords(v *words.Vectors, answers []words.Answer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d analogies are answered right, %d within the first five words.\n\n", words.Right(answers, 1), len(answers), words.Right(answers, 5))
	for _, a := range answers {
		fmt.Fprintln(&b, a)
	}
	b.WriteString("\nNearest words:\n")
	for _, w := range shownWords {
		if of := v.Of(w); of != nil {
			fmt.Fprintf(&b, "%s:", w)
			for _, near := range v.Near(of, 8, w) {
				fmt.Fprintf(&b, " %s %.2f", near.Word, near.Cosine)
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}
