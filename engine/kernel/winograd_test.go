package kernel

import "testing"

// TestConv3x3InStrips compares strips of a picture with the whole, bit by bit.
func TestConv3x3InStrips(t *testing.T) {
	for _, whole := range []winogradCase{
		{N: 1, H: 21, W: 10, In: 20, Out: 33, Residual: true},
		{N: 1, H: 22, W: 8, In: 16, Out: 40, Upsample: true},
	} {
		c, _ := whole.convolution()
		c.Run(nil)
		shift := 0
		if c.Upsample {
			shift = 1
		}
		row, from := c.W>>shift*c.Weights.In, c.W*c.Weights.Out
		for _, rows := range []int{4, 8, 20, 24} {
			got := make([]float32, len(c.Y))
			for y := 0; y < c.H; y += rows {
				s := c
				s.H = min(rows, c.H-y)
				s.Above, s.Below = min(1, y), min(1, c.H-y-s.H)
				s.X = c.X[(y>>shift-s.Above)*row : ((y+s.H)>>shift+s.Below)*row]
				if c.Add != nil {
					s.Add = c.Add[y*from:]
				}
				s.Y = got[y*from : (y+s.H)*from]
				s.Run(nil)
			}
			if d := differ(got, c.Y); d != "" {
				t.Errorf("%d rows of %d: %s", rows, c.H, d)
			}
		}
	}
}
