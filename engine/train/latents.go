package train

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"darkroom/engine/float16"
	"darkroom/engine/kernel"
	"darkroom/engine/nn"

	"gorgonia.org/tensor"
)

// wordings is how many captions a picture of the latent set has.
const wordings = 4

// latentSet is the data set as the denoiser sees it: pictures composed and encoded
// once. The latents stay in their file, as float16, of which the system keeps in
// memory what there is room for.
type latentSet struct {
	shape    [3]int // of a latent
	file     *os.File
	captions [][]string // wordings for each latent
}

// latents returns the first count encoded pictures. They are made where an earlier
// run, with the same autoencoder, has not made them: a batch at a time, so that little
// is lost when that is stopped.
func (o Options) latents(ctx context.Context, count int) (*latentSet, error) {
	m, err := loadVAE(o.Model())
	if err != nil {
		return nil, fmt.Errorf("%w (train the autoencoder first: darkroom train autoencoder --dir %s)", err, o.Dir)
	}
	encoder, err := fingerprint(filepath.Join(o.Model(), "vae"))
	if err != nil {
		return nil, err
	}
	side := Size / m.Config.Factor()
	l := &latentSet{shape: [3]int{side, side, m.Config.Latent}}
	name := o.path("run", "latents-"+encoder)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	if l.file, err = os.OpenFile(name+".f16", os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return nil, err
	}
	if err := l.fill(ctx, o, name+".txt", count, m.Encode); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// fingerprint tells one network's files from another's.
func fingerprint(dir string) (string, error) {
	h := sha256.New()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return "", err
	}
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(h, filepath.Base(path))
		_, err = io.Copy(h, f)
		f.Close()
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:6]), nil
}

func (l *latentSet) size() int { return l.shape[0] * l.shape[1] * l.shape[2] }

// fill reads the captions and makes what is missing of the set.
func (l *latentSet) fill(ctx context.Context, o Options, list string, count int, encode func(*nn.Context, *tensor.Dense) *tensor.Dense) error {
	const atOnce = 16
	text, err := os.ReadFile(list)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	info, err := l.file.Stat()
	if err != nil {
		return err
	}
	// whole batches that both files have
	done := min(bytes.Count(text, []byte("\n")), int(info.Size())/(2*l.size())) / atOnce * atOnce
	kept := 0
	for lines := bufio.NewScanner(bytes.NewReader(text)); len(l.captions) < done && lines.Scan(); {
		l.captions = append(l.captions, strings.Split(lines.Text(), "\t"))
		kept += len(lines.Bytes()) + 1
	}
	if done < count {
		captions, err := os.OpenFile(list, os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return err
		}
		defer captions.Close()
		if err := errors.Join(captions.Truncate(int64(kept)), l.file.Truncate(int64(2*done*l.size()))); err != nil {
			return err
		}
		set, err := o.openData()
		if err != nil {
			return err
		}
		defer set.Close()
		c := nn.NewContext(ctx)
		bar := newProgress(o.Log, "latents", done, count, 1)
		for done < count {
			c.Reset()
			x, examples := pictures(c, set, rand.New(rand.NewPCG(uint64(done), 0x6c6174)), atOnce)
			z := nn.Data(encode(c, x))
			if err := c.Err(); err != nil {
				return err
			}
			var lines strings.Builder
			for i, e := range examples {
				said := []string{e.Caption}
				for len(said) < wordings {
					said = append(said, set.Reword(rand.New(rand.NewPCG(uint64(done+i), uint64(len(said)))), e))
				}
				l.captions = append(l.captions, said)
				lines.WriteString(strings.Join(said, "\t") + "\n")
			}
			halves := make([]byte, 0, 2*len(z))
			for _, v := range z {
				halves = binary.LittleEndian.AppendUint16(halves, float16.Narrow(v))
			}
			if _, err := l.file.WriteAt(halves, int64(2*done*l.size())); err != nil {
				return err
			}
			if _, err := captions.WriteAt([]byte(lines.String()), int64(kept)); err != nil {
				return err
			}
			kept += lines.Len()
			done += atOnce
			bar.n = min(done, count)
			bar.tell(0)
		}
		bar.done()
	}
	l.captions = l.captions[:count]
	return nil
}

// Close closes the file.
func (l *latentSet) Close() error { return l.file.Close() }

// read writes latent i to values.
func (l *latentSet) read(i int, values []float32) error {
	halves := make([]byte, 2*l.size())
	if _, err := l.file.ReadAt(halves, int64(i)*int64(len(halves))); err != nil {
		return fmt.Errorf("latent %d: %w", i, err)
	}
	for j := range values {
		values[j] = float16.Widen(binary.LittleEndian.Uint16(halves[2*j:]))
	}
	return nil
}

// latentBatch is some latents [n,h,w,c], each with a caption, or with none as often as
// dropout says.
type latentBatch struct {
	x        *tensor.Dense
	captions []string
}

// draw draws n of the latents.
func (l *latentSet) draw(c *nn.Context, r *rand.Rand, n int) (*latentBatch, error) {
	b := &latentBatch{x: c.New(n, l.shape[0], l.shape[1], l.shape[2]), captions: make([]string, n)}
	at := make([]int, n)
	for i := range n {
		at[i] = r.IntN(len(l.captions))
		said := l.captions[at[i]]
		caption := said[r.IntN(len(said))]
		if r.Float64() >= dropout {
			b.captions[i] = caption
		}
	}
	errs := make([]error, n)
	kernel.Parallel(n, func(i int) { errs[i] = l.read(at[i], nn.Data(b.x)[i*l.size():][:l.size()]) })
	return b, errors.Join(errs...)
}
