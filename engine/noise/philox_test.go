package noise

import "testing"

// The known answers of Philox-4x32-10 from Random123 1.14 (kat_vectors): all
// zeros, all ones, and the digits of π.
func TestPhiloxIsRandom123s(t *testing.T) {
	const ones = 0xffffffff
	for _, c := range []struct {
		counter [4]uint32
		key     [2]uint32
		want    [4]uint32
	}{
		{[4]uint32{}, [2]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{[4]uint32{ones, ones, ones, ones}, [2]uint32{ones, ones}, [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{
			[4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
			[2]uint32{0xa4093822, 0x299f31d0},
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
		},
	} {
		if got := philox(c.counter, c.key); got != c.want {
			t.Errorf("counter %x, key %x: %x, want %x", c.counter, c.key, got, c.want)
		}
	}
}

// A picture's share of a draw is what stands at its place in the whole draw.
func TestPhiloxStartsAnywhere(t *testing.T) {
	whole, part := make([]float32, 40), make([]float32, 15)
	philoxNormals(3, 2, 0, whole)
	philoxNormals(3, 2, 25, part)
	for i := range part {
		if part[i] != whole[25+i] {
			t.Fatalf("element %d is %v, want %v", i, part[i], whole[25+i])
		}
	}
}
