package kernel

// e^x = 2^n · e^r with n = round(x/ln 2) and |r| ≤ ln(2)/2. Adding expRound
// leaves n in the low bits of the sum. ln 2 is split in two so that n·ln2High is
// exact. e^r = 1 + r + r²·q(r), where q is a polynomial of degree 4 that
// minimises the greatest relative error (3·10⁻⁹, found by reweighted least
// squares).
const (
	expMax   float32 = 88.72283  // e^expMax is just below the greatest number
	expMin   float32 = -87.33654 // e^expMin is just above the least normal one
	log2E    float32 = 1.44269504
	expRound float32 = 3 << 22
	ln2High  float32 = 0.693359375
	ln2Low   float32 = -2.12194440e-4
	expQ4    float32 = 0.0013814467238262296
	expQ3    float32 = 0.008368780836462975
	expQ2    float32 = 0.04166839271783829
	expQ1    float32 = 0.1666651964187622
	expQ0    float32 = 0.5
)

// 2^t = 2^n · 2^f with n = round(t) and |f| ≤ ½, for pow2Min ≤ t ≤ 1 only. 2^f is a
// polynomial of degree 5 that minimises the greatest relative error (2·10⁻⁷ in
// float32, found by reweighted least squares).
const (
	pow2Min float32 = -126
	pow2C5  float32 = 0.001327647129073739
	pow2C4  float32 = 0.009675541892647743
	pow2C3  float32 = 0.05550713092088699
	pow2C2  float32 = 0.24022120237350464
	pow2C1  float32 = 0.6931469440460205
	pow2C0  float32 = 1.0000001192092896
)

// The normal distribution's tail Φ(−a) = ½·2^(a·t(a)) for a ≥ 0, where the
// polynomial t of degree 8 minimises the greatest absolute error of Φ over
// [0, phiMax] (2.4·10⁻⁸, found by reweighted least squares); a is clamped to
// phiMax, where Φ is 10⁻⁹.
const (
	phiMax     float32 = 6
	phiT8      float32 = 1.5662696739582316e-07
	phiT7      float32 = -3.9308497434831224e-06
	phiT6      float32 = 3.890280277119018e-05
	phiT5      float32 = -0.000163928052643314
	phiT4      float32 = -0.00020956875232513994
	phiT3      float32 = 0.007164916954934597
	phiT2      float32 = -0.052563294768333435
	phiT1      float32 = -0.45918893814086914
	phiT0      float32 = -1.1511069536209106
	invSqrt2Pi float32 = 0.39894228 // 1/√(2π)
	quickScale float32 = 1.702      // QuickGELU's factor
)

// The numbers in Winograd's transforms F(4×4,3×3).
const (
	two          float32 = 2
	four         float32 = 4
	five         float32 = 5
	eight        float32 = 8
	quarter      float32 = 1. / 4
	sixth        float32 = 1. / 6
	twelfth      float32 = 1. / 12
	twentyFourth float32 = 1. / 24
)
