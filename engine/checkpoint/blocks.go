package checkpoint

import (
	"encoding/binary"

	"darkroom/engine/float16"
)

// The block formats of ggml (ggml-quants.c, the structs block_q4_0 … block_q6_K):
// small integers that share a scale, some also a least value. The K formats are
// blocks of 256 with a scale for each 16 or 32 numbers, which is an integer times the
// block's own. Each function below widens one block.

func half(b []byte) float32 { return float16.Widen(binary.LittleEndian.Uint16(b)) }

// q4_0: scale, 16 bytes with the first 16 numbers in the low and the others in the
// high four bits; 8 is zero.
func q4_0(out []float32, b []byte) {
	d := half(b)
	for i, q := range b[2:18] {
		out[i] = d * float32(int(q&15)-8)
		out[i+16] = d * float32(int(q>>4)-8)
	}
}

// q4_1: scale and least value, then as q4_0 but from zero.
func q4_1(out []float32, b []byte) {
	d, least := half(b), half(b[2:])
	for i, q := range b[4:20] {
		out[i] = float32(d*float32(q&15)) + least
		out[i+16] = float32(d*float32(q>>4)) + least
	}
}

// fives gives number i and i+16 of a block of five bits, of which the uppermost are
// in high.
func fives(high uint32, low byte, i int) (int, int) {
	return int(low&15) | int(high>>i&1)<<4, int(low>>4) | int(high>>(i+16)&1)<<4
}

// q5_0: scale, 32 uppermost bits, then as q4_0; 16 is zero.
func q5_0(out []float32, b []byte) {
	d, high := half(b), binary.LittleEndian.Uint32(b[2:])
	for i, low := range b[6:22] {
		x, y := fives(high, low, i)
		out[i], out[i+16] = d*float32(x-16), d*float32(y-16)
	}
}

// q5_1: scale and least value, then as q5_0 but from zero.
func q5_1(out []float32, b []byte) {
	d, least, high := half(b), half(b[2:]), binary.LittleEndian.Uint32(b[4:])
	for i, low := range b[8:24] {
		x, y := fives(high, low, i)
		out[i], out[i+16] = float32(d*float32(x))+least, float32(d*float32(y))+least
	}
}

// q8_0: scale, 32 signed bytes.
func q8_0(out []float32, b []byte) {
	d := half(b)
	for i, q := range b[2:34] {
		out[i] = d * float32(int8(q))
	}
}

// q2K: 16 bytes with scale and least value of 16 numbers each, 64 bytes of four
// numbers each, 32 apart, then the block's own scale and least value.
func q2K(out []float32, b []byte) {
	scales, quants := b[:16], b[16:80]
	d, least := half(b[80:]), half(b[82:])
	for i := range out {
		s := scales[i/16]
		q := quants[i/128*32+i%32] >> (i % 128 / 32 * 2) & 3
		out[i] = float32(float32(d*float32(s&15))*float32(q)) - float32(least*float32(s>>4))
	}
}

// q3K: 32 bytes of uppermost bits, 64 bytes of the lower two as in q2K, 12 bytes with
// 16 scales of six bits, 32 being zero, the block's scale. Without its uppermost
// bit a number is 4 less.
func q3K(out []float32, b []byte) {
	high, quants, packed, d := b[:32], b[32:96], b[96:108], half(b[108:])
	var scales [16]float32
	for i := range scales {
		s := packed[i%8] >> (i / 8 * 4) & 15
		s |= packed[8+i%4] >> (i / 4 * 2) & 3 << 4
		scales[i] = d * float32(int(s)-32)
	}
	for i := range out {
		q := int(quants[i/128*32+i%32] >> (i % 128 / 32 * 2) & 3)
		q += int(high[i%32]>>(i/32)&1)*4 - 4
		out[i] = scales[i/16] * float32(q)
	}
}

// sixes gives scale and least value number i of eight, six bits each, in the 12 bytes
// of a q4K or q5K block.
func sixes(b []byte, i int) (scale, least float32) {
	if i < 4 {
		return float32(b[i] & 63), float32(b[i+4] & 63)
	}
	return float32(b[i+4]&15 | b[i-4]>>6<<4), float32(b[i+4]>>4 | b[i]>>6<<4)
}

// q4K: the block's scale and least value, 12 bytes of sixes, 128 bytes: 64 numbers
// in 32 bytes, the first 32 in the low four bits.
func q4K(out []float32, b []byte) {
	d, least := half(b), half(b[2:])
	for g := range 8 {
		s, m := sixes(b[4:16], g)
		s, m = d*s, least*m
		for i, q := range b[16+g/2*32 : 16+g/2*32+32] {
			out[g*32+i] = float32(s*float32(q>>(g%2*4)&15)) - m
		}
	}
}

// q5K: as q4K with 32 bytes before the 128, of which bit g is the uppermost bit of
// the numbers 32·g to 32·g+31.
func q5K(out []float32, b []byte) {
	d, least := half(b), half(b[2:])
	high := b[16:48]
	for g := range 8 {
		s, m := sixes(b[4:16], g)
		s, m = d*s, least*m
		for i, q := range b[48+g/2*32 : 48+g/2*32+32] {
			q = q>>(g%2*4)&15 | high[i]>>g&1<<4
			out[g*32+i] = float32(s*float32(q)) - m
		}
	}
}

// q6K: 128 bytes with the lower four bits, 64 with the upper two, 16 signed scales,
// the block's own; 32 is zero. Of 128 numbers the first 64 have the low halves of 64
// bytes; their upper bits are four to a byte, 32 apart.
func q6K(out []float32, b []byte) {
	low, high, scales, d := b[:128], b[128:192], b[192:208], half(b[208:])
	for i := range out {
		n, j := i/128, i%128
		q := low[n*64+j%64] >> (j / 64 * 4) & 15
		q |= high[n*32+j%32] >> (j / 32 * 2) & 3 << 4
		out[i] = float32(d*float32(int8(scales[i/16]))) * float32(int(q)-32)
	}
}
