package kernel

import (
	"runtime"
	"sync/atomic"
)

// Conv3x3 is a 3×3 convolution with stride 1 and a margin of one pixel, done by
// Winograd's method: the picture is cut into tiles of 4×4 pixels, which together
// with their margin, and the filters, are transformed so that the convolution
// is 36 matrix products with 4 times fewer multiplications.
type Conv3x3 struct {
	X          []float32 // [N,H,W,In], of half the height and width if Upsample is set
	N, H, W    int       // size of the result, before it shrinks
	Above      int       // rows of X that precede those of the result: 1 below the top of a picture, else 0
	Below      int       // and that follow them
	Upsample   bool      // every pixel of X counts for two by two
	Shrink     bool      // two by two pixels of the result are added up to one of Y, of half the height and width
	Weights    *Weights  // Taps are 9
	Bias       []float32 // row n*BiasRow is that of picture n
	BiasRow    int       // 0 for one row for all
	Add        []float32 // as Y, is added to the result, unless it is nil
	Y          []float32 // [N,H,W,Out], of half the height and width if Shrink is set
	rows, cols int       // tiles in a picture
}

// SuitsWinograd tells whether a 3×3 convolution of that shape is faster by
// Winograd's method, by the shape alone, since the two methods round
// differently: narrow layers don't pay for the transforms, and where the tiles
// overlap the margin most of their work would be for nothing.
func SuitsWinograd(h, w, in, out int) bool {
	const (
		narrow    = 16
		transform = 200 // multiply-adds that the transforms of a tile cost for each channel
	)
	if in < narrow || out < narrow {
		return false
	}
	tiles := ceilDiv(h, 4) * ceilDiv(w, 4)
	return tiles*(36*in*out+transform*(in+out)) < h*w*9*in*out
}

// Run does the convolution. A stop that becomes true ends it early, with a
// result of no meaning; it may be nil.
func (c Conv3x3) Run(stop *atomic.Bool) {
	f := fields.Get()
	f.Conv3x3 = c
	f.run(stop)
	f.Conv3x3 = Conv3x3{}
	fields.Put(f)
}

// field is a convolution under way.
type field struct {
	Conv3x3
	in, out int

	// The tiles [first,first+tiles) are transformed at a time. Blocks of depth
	// channels follow each other; each is 36 planes [tiles][depth].
	first, tiles, depth int
	transformed         []float32

	// A task of the input is inputTiles by a block of channels; one of the
	// products is a panel by partTiles.
	inputTiles, inputParts, partTiles int
}

var fields FreeList[field]

const (
	leastTiles = 96 // at a time, so that the filters' transform is worth it
	mostDepth  = 64 // channels that are transformed at a time
)

// plane is the distance of planes of n numbers from each other: an odd number of
// cache lines, so that the same place in all of them falls upon different sets.
func plane(n int) int { return roundUp(n, 32) + 16 }

func (f *field) run(stop *atomic.Bool) {
	procs := runtime.GOMAXPROCS(0)
	f.in, f.out = f.Weights.In, f.Weights.Out
	f.rows, f.cols = ceilDiv(f.H, 4), ceilDiv(f.W, 4)
	all := f.N * f.rows * f.cols
	blocks := ceilDiv(f.in, mostDepth)
	f.depth = roundUp(ceilDiv(f.in, blocks), 16)
	blocks = ceilDiv(f.in, f.depth)
	panels := ceilDiv(f.out, panel)
	// Enough tiles at a time for every processor to have its tasks.
	most := max(leastTiles*ceilDiv(tasksAProc*procs, panels), blocking.field/36/(blocks*f.depth)/leastTiles*leastTiles)
	f.tiles = roundUp(ceilDiv(all, ceilDiv(all, most)), maxRows)
	buffer := borrow(blocks * 36 * plane(f.tiles*f.depth))
	f.transformed = *buffer
	size := f.tiles
	for f.first = 0; f.first < all && !(stop != nil && stop.Load()); f.first += size {
		f.tiles = min(size, all-f.first)
		f.inputTiles = max(1, ceilDiv(f.tiles*blocks, tasksAProc*procs)/blocks)
		f.inputParts = ceilDiv(f.tiles, f.inputTiles)
		Run(f.inputParts*blocks, (*fieldInput)(f), stop)
		parts := max(ceilDiv(f.tiles, blocking.tiles), min(ceilDiv(f.tiles, maxRows), ceilDiv(tasksAProc*procs, panels)))
		f.partTiles = roundUp(ceilDiv(f.tiles, parts), maxRows)
		Run(ceilDiv(f.tiles, f.partTiles)*panels, f, stop)
	}
	f.transformed = nil
	giveBack(buffer)
}

// place is where tile number t begins.
func (f *field) place(t int) (n, y, x int) {
	return t / (f.rows * f.cols), t / f.cols % f.rows * 4, t % f.cols * 4
}

// idle tells the numbers of the 36 that come to nothing. In a patch whose pixels are
// two by two the same, a b b c c d, number 2 of the transform is 0 both ways; and what
// is made of number 2 drops out of the sums of neighbours.
func (c *Conv3x3) idle(e int) bool { return (c.Upsample || c.Shrink) && (e/6 == 2 || e%6 == 2) }

// fieldInput is a convolution whose input is being transformed.
type fieldInput field

// patch is the 36 pixels of a tile with its margin, or its 16 pixels and what
// is added to them.
type patch struct {
	in       [36][]float32
	out, add [16][]float32
	margin   [16 * panel]float32 // what lies outside of the picture, or is partial
}

var patches FreeList[patch]

func (f *fieldInput) Do(i int) {
	first := i % f.inputParts * f.inputTiles
	c0 := i / f.inputParts * f.depth
	channels := min(f.depth, f.in-c0)
	stride := plane(f.tiles * f.depth)
	block := f.transformed[i/f.inputParts*36*stride:]
	h, w, shift := f.H, f.W, 0
	if f.Upsample {
		h, w, shift = h/2, w/2, 1
	}
	h += f.Above + f.Below
	whole := channels &^ 15
	p := patches.GetTask()
	for t := first; t < min(first+f.inputTiles, f.tiles); t++ {
		n, y0, x0 := (*field)(f).place(f.first + t)
		inside := x0 > 0 && x0+5 <= f.W && shift == 0
		for i := range 6 {
			in := p.in[6*i : 6*i+6 : 6*i+6]
			y := y0 + i - 1 + f.Above<<shift // in X
			switch line := (n*h + y>>shift) * w; {
			case uint(y) >= uint(h<<shift):
				for j := range in {
					in[j] = zeros[:channels]
				}
			case inside: // which most are: it is worth a way of its own
				row := f.X[(line+x0-1)*f.in+c0:][:5*f.in+channels]
				for j := range in {
					in[j] = row[:channels:channels]
					row = row[min(f.in, len(row)):]
				}
			default:
				for j := range in {
					x := x0 + j - 1
					if uint(x) >= uint(f.W) {
						in[j] = zeros[:channels]
						continue
					}
					in[j] = f.X[(line+x>>shift)*f.in+c0:][:channels]
				}
			}
		}
		to := block[t*f.depth:]
		if whole > 0 {
			active.winogradInput(to, stride, &p.in, whole)
		}
		if whole < channels {
			for i := range p.in {
				p.in[i] = p.in[i][whole:]
			}
			winogradInputGo(to[whole:], stride, &p.in, channels-whole)
		}
	}
	patches.Put(p)
}

// Do multiplies some tiles by one panel of filters.
func (f *field) Do(i int) {
	parts := ceilDiv(f.tiles, f.partTiles)
	t0, j := i%parts*f.partTiles, i/parts
	tiles, cols := min(f.partTiles, f.tiles-t0), min(panel, f.out-j*panel)
	stride, filterStride := plane(tiles*panel), plane(f.depth*panel)
	work := borrowTask(36*(plane(blocking.tiles*panel)+plane(mostDepth*panel)) + 9*mostDepth*panel)
	products, filters := (*work)[:36*stride], (*work)[36*stride:]
	wide := filters[36*filterStride:]
	inputs, inputStride := f.transformed, plane(f.tiles*f.depth)
	for k := 0; k < f.in; k += f.depth {
		depth := min(f.depth, f.in-k)
		taps, tap := f.Weights.taps(wide, j, k, depth)
		active.winogradWeights(filters, filterStride, taps, tap, depth*panel)
		for e := range 36 {
			// What comes next is far away.
			if e == 30 && k+f.depth < f.in {
				f.Weights.prefetchTaps(j, k+f.depth, min(f.depth, f.in-k-f.depth))
			}
			if e < 35 {
				active.prefetch(inputs[(e+1)*inputStride+t0*f.depth:][:tiles*f.depth])
			}
			c := products[e*stride:]
			if f.idle(e) {
				clear(c[:tiles*panel])
				continue
			}
			from := c
			if k == 0 {
				from = nil
			}
			active.multiply(depth, inputs[e*inputStride+t0*f.depth:], f.depth, tiles, filters[e*filterStride:], c, panel, cols, from, panel)
		}
		inputs = inputs[36*inputStride:]
	}
	f.write(products, stride, t0, tiles, j*panel, cols)
	giveBack(work)
}

// write transforms products of tiles back and writes their pixels.
func (f *field) write(products []float32, stride, t0, tiles, j0, cols int) {
	p := patches.GetTask()
	for t := range tiles {
		n, y0, x0 := f.place(f.first + t0 + t)
		from, bias := products[t*panel:], f.Bias[n*f.BiasRow+j0:][:cols]
		if f.Shrink {
			for i := range p.out {
				p.out[i] = p.margin[i*panel:][:cols]
			}
			p.write(from, stride, bias, false)
			f.shrink(p, n, y0/2, x0/2, j0)
			continue
		}
		for i := range p.out {
			y, x := y0+i/4, x0+i%4
			if y >= f.H || x >= f.W {
				p.out[i] = p.margin[:cols]
				p.add[i] = p.margin[:cols]
				continue
			}
			at := ((n*f.H+y)*f.W+x)*f.out + j0
			p.out[i] = f.Y[at : at+cols]
			if f.Add != nil {
				p.add[i] = f.Add[at : at+cols]
			}
		}
		p.write(from, stride, bias, f.Add != nil)
	}
	patches.Put(p)
}

// write transforms the products of a tile to p.out.
func (p *patch) write(from []float32, stride int, bias []float32, plus bool) {
	cols := len(bias)
	whole := cols &^ 15
	add := &p.add
	if !plus {
		add = nil
	}
	if whole > 0 && add == nil {
		active.winogradOutput(&p.out, from, stride, bias, whole)
	} else if whole > 0 {
		active.winogradOutputAdd(&p.out, add, from, stride, bias, whole)
	}
	if whole < cols {
		for i := range p.out {
			p.out[i] = p.out[i][whole:]
			if add != nil {
				p.add[i] = p.add[i][whole:]
			}
		}
		winogradOutputAddGo(&p.out, add, from[whole:], stride, bias[whole:], cols-whole)
	}
}

// shrink adds up pixels of a tile, which are in the margin, to those from (y0,x0) on of
// a picture of half the size.
func (f *field) shrink(p *patch, n, y0, x0, j0 int) {
	h, w := f.H/2, f.W/2
	cols := min(panel, f.out-j0)
	pixel := func(i int) []float32 { return p.margin[i*panel:][:cols] }
	for y := y0; y < min(y0+2, h); y++ {
		for x := x0; x < min(x0+2, w); x++ {
			i := 8*(y-y0) + 2*(x-x0)
			above, below := pixel(i), pixel(i+4)
			active.add(above, above, pixel(i+1))
			active.add(below, below, pixel(i+5))
			at := ((n*h+y)*w+x)*f.out + j0
			to := f.Y[at:][:cols]
			if f.Add == nil {
				active.add(to, above, below)
			} else {
				active.add(above, above, below)
				active.add(to, above, f.Add[at:][:cols])
			}
		}
	}
}
