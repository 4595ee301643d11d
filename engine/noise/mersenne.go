package noise

// The Mersenne twister's sizes and constants (Matsumoto and Nishimura,
// "Mersenne twister", ACM TOMACS 8, 1998; seeding as in their 2002 version).
const (
	twisterSize  = 624
	twisterShift = 397
	twisterMask  = 0x9908b0df
	seedFactor   = 1812433253
)

// mersenne is MT19937, the generator of PyTorch on the CPU.
type mersenne struct {
	state [twisterSize]uint32
	next  int // the word of state to hand out next
}

// newMersenne seeds a generator as torch.manual_seed does: of the seed's 64
// bits it takes the lower 32.
func newMersenne(seed uint64) *mersenne {
	m := &mersenne{next: twisterSize}
	m.state[0] = uint32(seed)
	for i := 1; i < twisterSize; i++ {
		last := m.state[i-1]
		m.state[i] = seedFactor*(last^last>>30) + uint32(i)
	}
	return m
}

// word is the next 32 bits.
func (m *mersenne) word() uint32 {
	if m.next == twisterSize {
		m.twist()
	}
	y := m.state[m.next]
	m.next++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// skip passes over n words.
func (m *mersenne) skip(n uint64) {
	for n > uint64(twisterSize-m.next) {
		n -= uint64(twisterSize - m.next)
		m.twist()
	}
	m.next += int(n)
}

// twist makes the next words out of the last ones.
func (m *mersenne) twist() {
	s := &m.state
	for i := range s {
		y := s[i]&0x80000000 | s[(i+1)%twisterSize]&0x7fffffff
		s[i] = s[(i+twisterShift)%twisterSize] ^ y>>1 ^ (y&1)*twisterMask
	}
	m.next = 0
}
