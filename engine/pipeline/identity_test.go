package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"darkroom/engine"
	"darkroom/engine/kernel"
	"darkroom/engine/nn"
)

// printPicture makes a run of the test binary draw a picture and print its
// hash, for TestSamePictureEverywhere.
const printPicture = "DARKROOM_TEST_PRINT_PICTURE"

func TestMain(m *testing.M) {
	if os.Getenv(printPicture) == "" {
		os.Exit(m.Run())
	}
	if err := hashPicture(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// hashPicture prints one hash of the picture in every precision, plain and with all
// kinds of guidance.
func hashPicture() error {
	sum := sha256.New()
	var last []byte
	for _, precision := range []nn.Precision{nn.Float32, nn.BFloat16} {
		p, err := Load(context.Background(), tiny, precision)
		if err != nil {
			return err
		}
		r, err := p.Resolve(engine.Request{
			Prompt: "a red apple", Seed: 7, Steps: 3, Guidance: 4, Sampler: "euler_a", Width: 44, Height: 36, Model: tiny,
			Precision: precision.String(),
		})
		if err != nil {
			return err
		}
		guided := r
		guided.GuidanceRescale, guided.PerturbedAttention, guided.MimicGuidance, guided.CacheInterval = 0.7, 2, 3, 2
		for _, r := range []engine.Request{r, guided} {
			result, err := p.Paint(context.Background(), r, nil, func(engine.Progress) {})
			if err != nil {
				return err
			}
			if bytes.Equal(result.Picture.Pix, last) {
				return fmt.Errorf("%s draws the same picture as what was before", precision)
			}
			last = result.Picture.Pix
			sum.Write(last)
		}
	}
	fmt.Printf("%s %x\n", kernel.Level(), sum.Sum(nil))
	return nil
}

// TestSamePictureEverywhere draws one picture, in every precision, with every
// level of arithmetic this machine has, on one thread and on several.
func TestSamePictureEverywhere(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var want []byte
	for _, level := range []string{"go", "neon", "avx2", "avx512"} {
		for _, threads := range []string{"1", "2", "3"} {
			cmd := exec.Command(self)
			cmd.Env = append(os.Environ(), printPicture+"=1", "DARKROOM_KERNEL="+level, "GOMAXPROCS="+threads)
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%s on %s threads: %v", level, threads, err)
			}
			used, hash, _ := bytes.Cut(bytes.TrimSpace(out), []byte(" "))
			if string(used) != level {
				t.Logf("this machine has no %s", level)
				break
			}
			if want == nil {
				want = hash
			}
			if !bytes.Equal(hash, want) {
				t.Errorf("%s on %s threads draws %s, want %s", level, threads, hash, want)
			}
		}
	}
}
