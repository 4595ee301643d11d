package noise

import (
	"math"

	"darkroom/engine/noise/elementary"
)

// block is the least count of numbers that torch.randn makes by blocks.
const block = 16

// torchNormals fills dst with the numbers from the first on of the draw-th call
// of torch.randn for n float32 numbers on the CPU, all calls since
// torch.manual_seed(seed) having been for n as well (ATen/native/cpu/
// DistributionTemplates.h).
func torchNormals(seed uint64, draw uint32, n, first int, dst []float32) {
	m := newMersenne(seed)
	if n < block {
		fewNormals(m, uint64(draw)*uint64(n)+uint64(first), dst)
		return
	}
	words, tail := n, n%block
	if tail != 0 {
		words += block
	}
	// Only the blocks that dst is cut from are made.
	begin := first / block * block
	end := min(n, (first+len(dst)+block-1)/block*block)
	m.skip(uint64(draw)*uint64(words) + uint64(begin))
	numbers := make([]float32, end-begin)
	for i := range numbers {
		numbers[i] = m.uniform()
	}
	for i := 0; i+block <= len(numbers); i += block {
		normalBlock((*[block]float32)(numbers[i:]))
	}
	if tail != 0 && end > n-block { // the last sixteen are drawn again, over some that are done
		m.skip(uint64(n - end))
		var last [block]float32
		for i := range last {
			last[i] = m.uniform()
		}
		normalBlock(&last)
		for i, x := range last {
			if at := n - block + i - begin; at >= 0 && at < len(numbers) {
				numbers[at] = x
			}
		}
	}
	copy(dst, numbers[first-begin:])
}

// uniform is a number of [0, 1) with 24 bits.
func (m *mersenne) uniform() float32 { return float32(m.word()&(1<<24-1)) * 0x1p-24 }

// uniform64 is a number of [0, 1) with 53 bits.
func (m *mersenne) uniform64() float64 {
	high, low := uint64(m.word()), uint64(m.word())
	return float64((high<<32|low)&(1<<53-1)) * 0x1p-53
}

// fewNormals fills dst with the numbers from the first on of the sequence that
// torch makes in calls for fewer than sixteen: in float64 and by pairs, of which
// the second is kept for the next call.
func fewNormals(m *mersenne, first uint64, dst []float32) {
	m.skip(first / 2 * 4) // a pair takes two numbers of two words
	for i := -int(first % 2); i < len(dst); i += 2 {
		u, v := m.uniform64(), m.uniform64()
		radius := math.Sqrt(-2 * elementary.Log(1-v)) // 1 − v is exact
		angle := 2 * math.Pi * u
		if i >= 0 {
			dst[i] = float32(radius * elementary.Cos(angle))
		}
		if i+1 < len(dst) {
			dst[i+1] = float32(radius * elementary.Sin(angle))
		}
	}
}

// normalBlock turns sixteen uniform numbers into normal ones: the first eight
// give the radius and the second eight the angle of Box and Muller's transform.
//
// PyTorch's code for processors with AVX2 takes the logarithm, the sine and the
// cosine from the float32 polynomials of the Cephes library (Moshier), in which
// its compiler fuses every product with the sum that follows. The results here
// have the same bits. PyTorch elsewhere takes them from the C library: there its
// numbers differ by up to 3e-6.
func normalBlock(d *[block]float32) {
	for i := range block / 2 {
		radius := float32(math.Sqrt(float64(-2 * logFloat32(1-d[i]))))
		sin, cos := sincosFloat32(float32(2*math.Pi) * d[i+block/2])
		d[i], d[i+block/2] = radius*cos, radius*sin
	}
}

// fused is a·b + c rounded once. The product is exact in float64, so it doesn't
// matter whether a compiler fuses it there; that the sum is rounded to float64
// on the way to float32 shows once in some 10⁸ sums.
func fused(a, b, c float32) float32 { return float32(float64(a)*float64(b) + float64(c)) }

// logFloat32 is Cephes' logf of a positive normal number.
func logFloat32(x float32) float32 {
	const ln2High, ln2Low = 0.693359375, -2.12194440e-4
	fraction, exponent := math.Frexp(float64(x))
	m, e := float32(fraction), float32(exponent)
	if m < math.Sqrt2/2 {
		m, e = m+m, e-1
	}
	m--
	y := float32(7.0376836292e-2)
	for _, term := range [...]float32{
		-1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
		-1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
	} {
		y = fused(y, m, term)
	}
	square := float32(m * m)
	y = fused(float32(y*m), square, float32(e*ln2Low))
	y = fused(-0.5, square, y)
	return fused(e, ln2High, m+y)
}

// sincosFloat32 is Cephes' sinf and cosf of a number of [0, 8192).
func sincosFloat32(x float32) (sin, cos float32) {
	octant := (int32(x*(4/math.Pi)) + 1) &^ 1
	y := float32(octant)
	x = fused(y, -0.78515625, x)
	x = fused(y, -2.4187564849853515625e-4, x)
	x = fused(y, -3.77489497744594108e-8, x)

	square := float32(x * x)
	c := fused(2.443315711809948e-5, square, -1.388731625493765e-3)
	c = fused(c, square, 4.166664568298827e-2)
	c = fused(float32(c*square), square, -float32(square*0.5)) + 1
	s := fused(-1.9515295891e-4, square, 8.3321608736e-3)
	s = fused(s, square, -1.6666654611e-1)
	s = fused(float32(s*square), x, x)

	switch octant & 7 {
	case 0:
		return s, c
	case 2:
		return c, -s
	case 4:
		return -s, -c
	default:
		return -c, s
	}
}
