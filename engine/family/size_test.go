package family

import (
	"math"
	"testing"

	"darkroom/engine/checkpoint"
	"darkroom/engine/unet"
	"darkroom/engine/vae"
)

// TestSizeOfAFolder takes the size that a folder's configuration names if there can
// be such pictures, and else that of its family.
func TestSizeOfAFolder(t *testing.T) {
	for _, test := range []struct{ sample, levels, want int }{
		{64, 4, 512},
		{96, 4, 768},
		{16, 2, 32},
		{256, 4, 2048},
		{257, 4, 512},
		{0, 4, 512},
		{-64, 4, 512},
		{1 << 40, 4, 512},
		{math.MaxInt, 4, 512},
		{1, 40, 512},
		{1, 65, 512},
		{64, 0, 512},
	} {
		m := &Model{Folder: &checkpoint.Folder{}, Family: SD1, Parts: []*Part{
			{Part: checkpoint.UNet, UNet: &unet.Config{SampleSize: test.sample}},
			{Part: checkpoint.VAE, VAE: &vae.Config{Channels: make([]int, test.levels)}},
		}}
		if got := m.size(); got != test.want {
			t.Errorf("a sample size of %d with %d levels is %d pixels, want %d", test.sample, test.levels, got, test.want)
		}
	}
}
