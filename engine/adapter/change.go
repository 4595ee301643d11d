package adapter

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"darkroom/engine/kernel"
)

// change is what an adapter does to one layer.
type change struct {
	adapter *Adapter
	keys    map[string]string // what a tensor is → its name in the file
}

// matrix is a tensor of a change, seen as rows of what its first axis counts.
type matrix struct {
	rows, cols int
	shape      []int
	data       []float32
}

// shape is a layer's: its weights are [out,in,taps].
type shape struct{ out, in, taps int }

func (s shape) size() int { return s.out * s.in * s.taps }

// has reports whether all of the tensors are there.
func (c *change) has(roles ...string) bool {
	return !slices.ContainsFunc(roles, func(r string) bool { return c.keys[r] == "" })
}

func (c *change) read(role string) (matrix, error) {
	key := c.keys[role]
	dims, ok := c.adapter.file.Shape(key)
	if !ok {
		return matrix{}, fmt.Errorf("it has no %s", role)
	}
	data, err := c.adapter.file.Float32(key)
	if err != nil {
		return matrix{}, err
	}
	m := matrix{rows: 1, cols: 1, shape: dims, data: data}
	if len(dims) > 0 {
		m.rows, m.cols = dims[0], len(data)/max(1, dims[0])
	}
	return m, nil
}

// all reads several tensors.
func (c *change) all(roles ...string) ([]matrix, error) {
	var list []matrix
	for _, role := range roles {
		m, err := c.read(role)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// lay adds the change, times strength, to a layer's weights w.
func (c *change) lay(w []float32, s shape, strength float64) error {
	if c.has("lora_up", "lora_down") && !c.has("lora_mid") && !c.has("dora_scale") {
		return c.plain(w, s, strength)
	}
	delta, scale, err := c.delta(s)
	if err != nil {
		return err
	}
	if len(delta) != s.size() {
		return fmt.Errorf("it changes %d weights and not the layer's %d: it was made for another model", len(delta), s.size())
	}
	if !c.has("dora_scale") {
		addScaled(w, delta, float32(strength*scale))
		return nil
	}
	m, err := c.read("dora_scale")
	if err != nil {
		return err
	}
	return decompose(w, delta, m, s, float32(scale), float32(strength))
}

// plain is lay for the usual LoRA, whose product is added in place.
func (c *change) plain(w []float32, s shape, strength float64) error {
	m, err := c.all("lora_up", "lora_down")
	if err != nil {
		return err
	}
	up, down := m[0], m[1]
	if up.cols != down.rows || up.cols == 0 {
		return fmt.Errorf("its matrices %v and %v can't be multiplied", up.shape, down.shape)
	}
	if n := up.rows * down.cols; up.rows != s.out || n != s.size() {
		return fmt.Errorf("it changes %d weights and not the layer's %d: it was made for another model", n, s.size())
	}
	scale, err := c.scale(down.rows)
	if err != nil {
		return err
	}
	kernel.Scale(up.data, float32(strength*scale), up.data)
	kernel.Gemm(up.rows, down.cols, up.cols,
		kernel.Strided{Data: up.data, Row: up.cols, Col: 1}, kernel.Strided{Data: down.data, Row: 1, Col: down.cols}, w, down.cols, true)
	return nil
}

// delta is the change ΔW [out,in,taps] to a layer, before it is scaled.
func (c *change) delta(s shape) (delta []float32, scale float64, err error) {
	rank := 0
	switch {
	case c.has("lora_up", "lora_down"):
		delta, rank, err = c.lora(s)
	case c.has("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"):
		delta, rank, err = c.loha(s)
	case c.has("lokr_w1") || c.has("lokr_w1_a", "lokr_w1_b"):
		delta, rank, err = c.lokr(s)
	case c.has("diff"):
		m, err := c.read("diff")
		return m.data, 1, err
	default:
		return nil, 0, fmt.Errorf("its tensors (%s) are no whole LoRA, LoHa or LoKr", strings.Join(slices.Sorted(maps.Keys(c.keys)), ", "))
	}
	if err != nil {
		return nil, 0, err
	}
	scale, err = c.scale(rank)
	return delta, scale, err
}

// scale is alpha divided by the rank, or 1 where the file has no alpha. A LoKr of
// whole matrices has no rank of its own.
func (c *change) scale(rank int) (float64, error) {
	cfg := c.adapter.config
	if c.has("alpha") && rank > 0 {
		alpha, err := c.read("alpha")
		if err != nil || len(alpha.data) != 1 {
			return 0, fmt.Errorf("its alpha is not one number (%v)", err)
		}
		return float64(alpha.data[0]) / float64(rank), nil
	}
	alpha := cfg.Alpha
	if alpha == nil {
		alpha = cfg.OtherAlpha
	}
	if rank == 0 {
		rank = cfg.Rank
	}
	for _, role := range slices.Sorted(maps.Keys(c.keys)) {
		if own, ok := cfg.AlphaPattern.of(c.keys[role]); ok {
			alpha = &own
			break
		}
	}
	switch {
	case alpha == nil || rank == 0:
		return 1, nil
	case cfg.RSLoRA: // Kalajdzievski 2023
		return *alpha / math.Sqrt(float64(rank)), nil
	}
	return *alpha / float64(rank), nil
}

// lora is up·down (Hu et al. 2021), for a convolution perhaps with a small one
// between them (LoCon's lora_mid).
func (c *change) lora(s shape) ([]float32, int, error) {
	m, err := c.all("lora_up", "lora_down")
	if err != nil {
		return nil, 0, err
	}
	up, down := m[0], m[1]
	if !c.has("lora_mid") {
		delta, err := product(up, down)
		return delta.data, down.rows, err
	}
	mid, err := c.read("lora_mid")
	if err != nil {
		return nil, 0, err
	}
	delta, err := tucker(mid, up.transposed(), down)
	return delta.data, down.rows, err
}

// loha is the product, element by element, of two of LoRA's (Hyeon-Woo et al. 2021).
func (c *change) loha(s shape) ([]float32, int, error) {
	m, err := c.all("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b")
	if err != nil {
		return nil, 0, err
	}
	join := func(a, b matrix, core string) (matrix, error) {
		if !c.has(core) {
			return product(a, b)
		}
		t, err := c.read(core)
		if err != nil {
			return matrix{}, err
		}
		return tucker(t, a, b)
	}
	first, err := join(m[0], m[1], "hada_t1")
	if err != nil {
		return nil, 0, err
	}
	second, err := join(m[2], m[3], "hada_t2")
	if err != nil {
		return nil, 0, err
	}
	if len(first.data) != len(second.data) {
		return nil, 0, fmt.Errorf("its halves have %d and %d numbers", len(first.data), len(second.data))
	}
	for i, v := range second.data {
		first.data[i] *= v
	}
	return first.data, m[1].rows, nil
}

// lokr is the Kronecker product of two matrices, either of which may itself be a
// product (Yeh et al. 2023, LyCORIS).
func (c *change) lokr(s shape) ([]float32, int, error) {
	rank := 0
	side := func(name string) (matrix, error) {
		if c.has(name) {
			return c.read(name)
		}
		m, err := c.all(name+"_a", name+"_b")
		if err != nil {
			return matrix{}, err
		}
		if rank == 0 {
			rank = m[1].rows
		}
		if core := "lokr_t2"; name == "lokr_w2" && c.has(core) {
			t, err := c.read(core)
			if err != nil {
				return matrix{}, err
			}
			return tucker(t, m[0], m[1])
		}
		return product(m[0], m[1])
	}
	w1, err := side("lokr_w1")
	if err != nil {
		return nil, 0, err
	}
	w2, err := side("lokr_w2")
	if err != nil {
		return nil, 0, err
	}
	if w1.rows == 0 || w1.cols == 0 || w2.rows == 0 || s.out != w1.rows*w2.rows || w2.cols%s.taps != 0 || s.in*s.taps != w1.cols*w2.cols {
		return nil, 0, fmt.Errorf("the Kronecker product of %d×%d and %d×%d does not fit a layer of %d×%d: it was made for another model",
			w1.rows, w1.cols, w2.rows, w2.cols, s.out, s.in*s.taps)
	}
	delta := make([]float32, s.size())
	kernel.Parallel(s.out, func(o int) {
		row := delta[o*s.in*s.taps:][:s.in*s.taps]
		from := w2.data[o%w2.rows*w2.cols:][:w2.cols]
		for i := range w1.cols {
			kernel.Scale(row[i*w2.cols:][:w2.cols], w1.data[o/w2.rows*w1.cols+i], from)
		}
	})
	return delta, rank, nil
}

// product is a·b.
func product(a, b matrix) (matrix, error) {
	if a.cols != b.rows || a.cols == 0 {
		return matrix{}, fmt.Errorf("its matrices %v and %v can't be multiplied", a.shape, b.shape)
	}
	m := matrix{rows: a.rows, cols: b.cols, shape: []int{a.rows, b.cols}, data: make([]float32, a.rows*b.cols)}
	kernel.Gemm(a.rows, b.cols, a.cols,
		kernel.Strided{Data: a.data, Row: a.cols, Col: 1}, kernel.Strided{Data: b.data, Row: 1, Col: b.cols}, m.data, b.cols, false)
	return m, nil
}

// tucker is Σ t[i,j,k]·a[i,o]·b[j,n] as [o,n,k]: a small convolution t between two
// changes of width.
func tucker(t, a, b matrix) (matrix, error) {
	if len(t.shape) < 3 || a.rows != t.shape[0] || b.rows != t.shape[1] || len(t.data) == 0 {
		return matrix{}, fmt.Errorf("its tensors %v, %v and %v can't be multiplied", t.shape, a.shape, b.shape)
	}
	r, taps := t.shape[1], len(t.data)/(t.shape[0]*t.shape[1])
	inner := matrix{rows: t.rows, cols: b.cols * taps, shape: []int{t.rows, b.cols * taps}, data: make([]float32, t.rows*b.cols*taps)}
	for i := range t.rows { // b transposed · t[i]
		kernel.Gemm(b.cols, taps, r,
			kernel.Strided{Data: b.data, Row: 1, Col: b.cols}, kernel.Strided{Data: t.data[i*r*taps:], Row: 1, Col: taps},
			inner.data[i*inner.cols:], taps, false)
	}
	return product(a.transposed(), inner)
}

func (m matrix) transposed() matrix {
	t := matrix{rows: m.cols, cols: m.rows, shape: []int{m.cols, m.rows}, data: make([]float32, len(m.data))}
	for r := range m.rows {
		for c := range m.cols {
			t.data[c*m.rows+r] = m.data[r*m.cols+c]
		}
	}
	return t
}

// decompose lays a change with DoRA's magnitudes over w (Liu et al. 2024): the
// directions of W + ΔW, each with the length that the file gives it. The lengths
// are those of what goes to each output or, in old files of LyCORIS, of what comes
// from each input.
func decompose(w, delta []float32, lengths matrix, s shape, scale, strength float32) error {
	perOut := lengths.rows == s.out && len(lengths.data) == s.out || len(lengths.data) == s.out && s.in != s.out
	if !perOut && len(lengths.data) != s.in {
		return fmt.Errorf("its dora_scale has %d numbers for a layer of %d×%d: it was made for another model", len(lengths.data), s.out, s.in)
	}
	sum := make([]float32, len(w))
	for i := range sum {
		sum[i] = w[i] + float32(scale*delta[i])
	}
	// member is the direction that the i-th weight belongs to
	member := func(i int) int { return i / (s.in * s.taps) }
	if !perOut {
		member = func(i int) int { return i / s.taps % s.in }
	}
	squares := make([]float64, len(lengths.data))
	for i, v := range sum {
		squares[member(i)] += float64(v) * float64(v)
	}
	for i, v := range sum {
		d := member(i)
		var long float32
		if squares[d] > 0 {
			long = float32(float64(v) * float64(lengths.data[d]) / math.Sqrt(squares[d]))
		}
		w[i] += float32(strength * (long - w[i]))
	}
	return nil
}

// addScaled adds f times d to w, each product rounded.
func addScaled(w, d []float32, f float32) {
	for i := range w {
		w[i] += float32(f * d[i])
	}
}
