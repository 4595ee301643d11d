package noise

// The constants and the size of the pool of numpy's SeedSequence as torchsde
// uses it (numpy/random/bit_generator.pyx, after O'Neill, "Developing a
// seed_seq alternative", 2015).
const (
	poolSize          = 24
	startA, factorA   = 0x43b0d7e5, 0x931e8875
	startB, factorB   = 0x8b51f9dd, 0x58f38ded
	mixLeft, mixRight = 0xca01f9dd, 0x4973f715
	halfWord          = 16
)

// hasher scrambles words, each in another way than the one before.
type hasher struct{ constant, factor uint32 }

func (h *hasher) hash(word uint32) uint32 {
	word ^= h.constant
	h.constant *= h.factor
	word *= h.constant
	return word ^ word>>halfWord
}

// seedSequence is the first n words of numpy's SeedSequence(entropy, spawn_key
// = key, pool_size = 24).generate_state.
func seedSequence(entropy uint64, key []uint64, n int) []uint32 {
	words := appendWords(nil, entropy)
	if len(key) > 0 {
		words = append(words, make([]uint32, poolSize-len(words))...)
	}
	for _, k := range key {
		words = appendWords(words, k)
	}

	var pool [poolSize]uint32
	in := hasher{startA, factorA}
	for i := range pool {
		word := uint32(0)
		if i < len(words) {
			word = words[i]
		}
		pool[i] = in.hash(word)
	}
	for from := range pool {
		for to := range pool {
			if from != to {
				pool[to] = mixed(pool[to], in.hash(pool[from]))
			}
		}
	}
	for _, word := range words[min(poolSize, len(words)):] {
		for to := range pool {
			pool[to] = mixed(pool[to], in.hash(word))
		}
	}

	out := hasher{startB, factorB}
	state := make([]uint32, n)
	for i := range state {
		state[i] = out.hash(pool[i%poolSize])
	}
	return state
}

func mixed(x, y uint32) uint32 {
	z := mixLeft*x - mixRight*y
	return z ^ z>>halfWord
}

// appendWords adds the 32-bit words of x, lowest first and at least one.
func appendWords(words []uint32, x uint64) []uint32 {
	words = append(words, uint32(x))
	if x>>32 != 0 {
		words = append(words, uint32(x>>32))
	}
	return words
}
