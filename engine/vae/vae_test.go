package vae

import (
	"context"
	"slices"
	"testing"

	"darkroom/engine/nn"
	"darkroom/engine/noise"
)

func random(t *testing.T, cfg Config) *Model {
	cfg.InChannels, cfg.OutChannels, cfg.Latent = 3, 3, 4
	m, err := New(nn.Random(1).Packed(nn.Float32), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestLargePictures compares pictures that are made as large ones with others, bit
// by bit.
func TestLargePictures(t *testing.T) {
	m := random(t, Config{Channels: []int{16, 32}, LayersPerBlock: 1, Groups: 4})
	defer func(n int) { largePicture = n }(largePicture)
	for i, size := range [][3]int{{1, 90, 48}, {2, 67, 51}, {1, 5, 7}} {
		z := noise.Latent(uint64(i), 0, 4, size[1], size[2])
		z = nn.Wrap(slices.Repeat(nn.Data(z), size[0]), size[0], size[1], size[2], 4)
		c := nn.NewContext(context.Background())
		var pictures, latents [2][]float32
		for k := range pictures {
			largePicture = (1 - k) << 40
			for c.Next(nn.Pass{Network: "autoencoder", Size: [4]int{k}}) {
				x := m.Decode(c, z)
				pictures[k], latents[k] = nn.Data(x), nn.Data(m.Encode(c, x))
			}
			pictures[k], latents[k] = slices.Clone(pictures[k]), slices.Clone(latents[k])
		}
		if !slices.Equal(pictures[0], pictures[1]) {
			t.Errorf("%v latents: the pictures differ", size)
		}
		if !slices.Equal(latents[0], latents[1]) {
			t.Errorf("%v latents: those of the picture differ", size)
		}
	}
}

// TestLargePicturesAllocateNothing runs passes that were planned.
func TestLargePicturesAllocateNothing(t *testing.T) {
	m := random(t, Config{Channels: []int{16, 32}, LayersPerBlock: 1, Groups: 4})
	defer func(n int) { largePicture = n }(largePicture)
	largePicture = 0
	c := nn.NewContext(context.Background())
	z := noise.Latent(1, 0, 4, 90, 48)
	decode := func() {
		for c.Next(nn.Pass{Network: "decode"}) {
			m.Decode(c, z)
		}
	}
	decode()
	if n := testing.AllocsPerRun(5, decode); n > 0 {
		t.Errorf("%.0f allocations a pass", n)
	}
}

// TestMemory plans passes of Stable Diffusion's autoencoder. Whole activations would
// take 2.1 GB to decode 1024×1024, which is 4 of 128 channels.
func TestMemory(t *testing.T) {
	m := random(t, Config{Channels: []int{128, 256, 512, 512}, LayersPerBlock: 2, Groups: 32})
	c := nn.NewContext(context.Background())
	for _, tt := range []struct{ side, decode, encode int }{{512, 450, 420}, {768, 960, 920}, {1024, 900, 900}, {2048, 3400, 3400}} {
		z := noise.Latent(1, 0, 4, tt.side/8, tt.side/8)
		x := nn.Wrap(make([]float32, tt.side*tt.side*3), 1, tt.side, tt.side, 3)
		decode, encode := c.Memory(func() { m.Decode(c, z) })>>20, c.Memory(func() { m.Encode(c, x) })>>20
		t.Logf("%d × %d: %d MiB to decode, %d to encode", tt.side, tt.side, decode, encode)
		if decode > tt.decode || encode > tt.encode {
			t.Errorf("%d × %d takes %d MiB to decode and %d to encode, want at most %d and %d", tt.side, tt.side, decode, encode, tt.decode, tt.encode)
		}
	}
}
