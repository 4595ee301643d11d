package main

import (
	"fmt"
	"log"
	"os"
	"regexp"
	"strconv"
)

// spell puts VDPBF16PS, which Go's assembler does not know, in place of VPDPWSSD,
// which is used for nothing else. Both multiply pairs of 16-bit numbers and add
// to 32-bit ones, and their encodings differ in two bits: EVEX.512.F3.0F38.W0 52
// against EVEX.512.66.0F38.W0 52 (Intel, "64 and IA-32 Architectures Software
// Developer's Manual", volume 2).
func spell(name string) {
	text, err := os.ReadFile(name)
	if err != nil {
		log.Fatal(err)
	}
	stand := regexp.MustCompile(`VPDPWSSD +Z(\d+), Z(\d+), Z(\d+)`)
	text = stand.ReplaceAllFunc(text, func(line []byte) []byte {
		var r [3]byte
		for i, m := range stand.FindSubmatch(line)[1:] {
			n, err := strconv.ParseUint(string(m), 10, 5)
			if err != nil {
				log.Fatal(err)
			}
			r[i] = byte(n)
		}
		return []byte(fmt.Sprintf("%s // VDPBF16PS Z%d, Z%d, Z%d", vdpbf16ps(r[0], r[1], r[2]), r[0], r[1], r[2]))
	})
	if err := os.WriteFile(name, text, 0o644); err != nil {
		log.Fatal(err)
	}
}

// vdpbf16ps encodes the instruction that adds the products of b and a to acc, all
// of them 512-bit registers. The bits of registers in the prefix are inverted.
func vdpbf16ps(b, a, acc byte) string {
	not := func(v, bit byte) byte { return ^v >> bit & 1 }
	code := []byte{
		0x62,
		not(acc, 3)<<7 | not(b, 4)<<6 | not(b, 3)<<5 | not(acc, 4)<<4 | 0b010, // R, X, B, R'; opcodes 0F38
		(^a&15)<<3 | 1<<2 | 0b10, // W = 0, the low bits of a; F3
		0b10<<5 | not(a, 4)<<3,   // 512 bits, the high bit of a
		0x52,
		0b11<<6 | acc&7<<3 | b&7,
	}
	var s string
	for i, c := range code {
		if i > 0 {
			s += "; "
		}
		s += fmt.Sprintf("BYTE $0x%02x", c)
	}
	return s
}
