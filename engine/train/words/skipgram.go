package words

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"darkroom/engine/kernel"
	"darkroom/engine/noise/elementary"
)

// Config is how vectors are learnt.
type Config struct {
	Dim       int     // numbers of a vector
	Epochs    int     // times the text is read
	Window    int     // words to each side that a word is to predict, at most
	Negatives int     // words that are not there, for each that is
	Drawn     int     // how many of those are drawn: all predictions of a word share them
	LR        float64 // at the start; it falls to nothing
	Subsample float64 // share of the text from which on a word is partly left out
}

// Default is what the default model's vectors are learnt with.
var Default = Config{Dim: 96, Epochs: 6, Window: 6, Negatives: 6, Drawn: 12, LR: 0.05, Subsample: 1e-4}

// Model learns vectors.
type Model struct {
	Words  []string // the most frequent first
	Counts []int
	Dim    int
	Epoch  int // epochs done

	ids   map[string]int32
	parts map[string]int32
	in    []float32 // [words+parts,Dim]
	out   []float32 // [words,Dim], which the prediction is made with
}

// New starts a model of a text's words.
func New(c *Corpus, dim int) *Model {
	m := index(c.Words, c.Counts, dim)
	r := rand.New(rand.NewPCG(1, 0x776f726473))
	for i := range m.in {
		m.in[i] = (r.Float32() - 0.5) / float32(dim)
	}
	return m
}

// index makes an empty model.
func index(words []string, counts []int, dim int) *Model {
	m := &Model{Words: words, Counts: counts, Dim: dim, ids: make(map[string]int32, len(words))}
	for i, w := range words {
		m.ids[w] = int32(i)
	}
	m.parts = commonParts(words, len(words))
	m.in = make([]float32, (len(words)+len(m.parts))*dim)
	m.out = make([]float32, len(words)*dim)
	return m
}

// rows are the numbers of the parts of a word or a piece of one.
func (m *Model) rows(word string, begins, ends bool) []int32 {
	var rows []int32
	eachPart(word, begins, ends, func(part string) {
		if id, known := m.parts[part]; known {
			rows = append(rows, id)
		}
	})
	return rows
}

// sum writes the vector that predicts a word's neighbours, where weight is 1: its own,
// if the word is known (not negative), and the weighted mean of its parts'.
func (m *Model) sum(v []float32, word int32, parts []int32, weight float32) {
	clear(v)
	for _, row := range parts {
		kernel.Add(v, v, m.in[int(row)*m.Dim:][:m.Dim])
	}
	if len(parts) > 0 {
		kernel.Scale(v, weight/float32(len(parts)), v)
	}
	if word >= 0 {
		kernel.Add(v, v, m.in[int(word)*m.Dim:][:m.Dim])
	}
}

// tableBits is how many bits choose a word that is not there.
const tableBits = 21

// negatives is a table in which each word has room by its count to the power ¾.
func negatives(counts []int) []int32 {
	var sum float64
	for _, n := range counts {
		sum += math.Pow(float64(n), 0.75)
	}
	table := make([]int32, 1<<tableBits)
	word, upTo := 0, math.Pow(float64(counts[0]), 0.75)/sum
	for i := range table {
		for float64(i) >= upTo*float64(len(table)) && word < len(counts)-1 {
			word++
			upTo += math.Pow(float64(counts[word]), 0.75) / sum
		}
		table[i] = int32(word)
	}
	return table
}

// sigmoid and its logarithm are looked up, so that all machines agree and it is fast.
const (
	sigmoidRange = 8
	sigmoidSteps = 1 << 12
)

var sigmoids, logSigmoids = func() (s, l [sigmoidSteps]float32) {
	for i := range s {
		x := (float64(i)+0.5)/sigmoidSteps*2*sigmoidRange - sigmoidRange
		s[i] = float32(1 / (1 + elementary.Exp(-x)))
		l[i] = float32(-elementary.Log(1 + elementary.Exp(-x)))
	}
	return s, l
}()

func sigmoidAt(x float32) int {
	i := int((x + sigmoidRange) * (sigmoidSteps / (2 * sigmoidRange)))
	return min(max(i, 0), sigmoidSteps-1)
}

// Learn reads the text once more, its sentences in another order each time. told, if
// not nil, hears now and then which part of it has been read and the mean loss of a
// prediction since. When ctx ends it returns ctx.Err(), and the model is only good to
// be thrown away.
func (m *Model) Learn(ctx context.Context, c *Corpus, cfg Config, told func(read, loss float64)) error {
	r := rand.New(rand.NewPCG(uint64(m.Epoch), 0x6c6561726e))
	keep := make([]float32, len(m.Words))
	rows := make([][]int32, len(m.Words))
	for i, w := range m.Words {
		keep[i] = float32(math.Sqrt(cfg.Subsample * float64(c.Total) / float64(c.Counts[i])))
		rows[i] = m.rows(w, true, true)
	}
	s := &step{Model: m, cfg: cfg, table: negatives(c.Counts), h: make([]float32, m.Dim), g: make([]float32, m.Dim)}
	var sentence []int32
	read, last := 0, 0
	for _, at := range r.Perm(len(c.sentences)) {
		sentence = sentence[:0]
		for _, w := range c.sentences[at] {
			read++
			if r.Float32() < keep[w] {
				sentence = append(sentence, w)
			}
		}
		done := (float64(m.Epoch) + float64(read)/float64(c.Total)) / float64(cfg.Epochs)
		s.lr = float32(cfg.LR * max(1e-3, 1-done))
		for i, word := range sentence {
			reach := 1 + r.IntN(cfg.Window)
			s.learn(r, word, rows[word], sentence[max(0, i-reach):i], sentence[i+1:min(len(sentence), i+1+reach)])
		}
		if read-last >= 1<<16 {
			last = read
			if err := ctx.Err(); err != nil {
				return err
			}
			if told != nil && s.predictions > 0 {
				told(float64(read)/float64(c.Total), s.loss/float64(s.predictions))
			}
			s.loss, s.predictions = 0, 0
		}
	}
	m.Epoch++
	return nil
}

// step is one word's learning.
type step struct {
	*Model
	cfg         Config
	lr          float32
	table       []int32
	h, g        []float32
	loss        float64
	predictions int
}

// learn has a word's vector predict the words before and behind it.
func (s *step) learn(r *rand.Rand, word int32, parts []int32, before, behind []int32) {
	n := len(before) + len(behind)
	if n == 0 {
		return
	}
	s.sum(s.h, word, parts, 1)
	clear(s.g)
	for _, side := range [2][]int32{before, behind} {
		for _, w := range side {
			s.predict(w, 1, 1)
		}
	}
	for range s.cfg.Drawn {
		w := s.table[r.Uint64()>>(64-tableBits)]
		if !slices.Contains(before, w) && !slices.Contains(behind, w) {
			s.predict(w, 0, float32(n*s.cfg.Negatives)/float32(s.cfg.Drawn))
		}
	}
	s.predictions += n
	own := s.in[int(word)*s.Dim:][:s.Dim]
	kernel.Add(own, own, s.g)
	for _, row := range parts {
		kernel.Axpy(s.in[int(row)*s.Dim:][:s.Dim], 1/float32(len(parts)), s.g)
	}
}

// predict moves towards saying that a word is there (1) or is not (0).
func (s *step) predict(word int32, there, weight float32) {
	v := s.out[int(word)*s.Dim:][:s.Dim]
	at := sigmoidAt(kernel.Dot(s.h, v))
	if there == 1 {
		s.loss -= float64(weight * logSigmoids[at])
	} else {
		s.loss -= float64(weight * logSigmoids[sigmoidSteps-1-at])
	}
	q := s.lr * weight * (there - sigmoids[at])
	kernel.Axpy(s.g, q, v)
	kernel.Axpy(v, q, s.h)
}

// Knows tells whether a word has a vector of its own.
func (m *Model) Knows(word string) bool {
	_, known := m.ids[word]
	return known
}

// What counts in a word's vector, beside its own: its parts more than in training,
// which brings out the plurals and the tenses, and a half of the vector that predicts
// the word itself, since the sum tells relations better than either (Pennington et al.
// 2014, Levy et al. 2015).
const (
	partsWeight   = 2
	contextWeight = 0.5
)

// Vector is that of a word, or of a piece of one that begins or ends it or neither,
// nil if nothing is known of it.
func (m *Model) Vector(word string, begins, ends bool) []float32 {
	parts := m.rows(word, begins, ends)
	id, known := m.ids[word]
	if !known {
		id = -1
		if len(parts) == 0 {
			return nil
		}
	}
	v := make([]float32, m.Dim)
	m.sum(v, id, parts, partsWeight)
	normalise(v)
	if known {
		context := slices.Clone(m.out[int(id)*m.Dim:][:m.Dim])
		normalise(context)
		kernel.Axpy(v, contextWeight, context)
	}
	return v
}

// Common are the vectors of the n most frequent words.
func (m *Model) Common(n int) *Vectors {
	n = min(n, len(m.Words))
	var values []float32
	for _, w := range m.Words[:n] {
		values = append(values, m.Vector(w, true, true)...)
	}
	return newVectors(m.Words[:n], m.Dim, values)
}
