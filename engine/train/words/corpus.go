// Package words learns vectors for words from free text, so that words that are
// used alike lie near each other: skip-gram with negative sampling (Mikolov et al.
// 2013), where a word is its own vector and the mean of those of its parts
// (after Bojanowski et al. 2017), so that a word that was never read, or a piece of one,
// has a vector too.
package words

import (
	"cmp"
	"fmt"
	"slices"
)

// Corpus is a text as numbers of words.
type Corpus struct {
	Words  []string // the most frequent first
	Counts []int    // how often each occurs
	Total  int      // how many words the text has

	sentences [][]int32 // words
}

// dropped marks, while a text is read, the end of a sentence and words too rare to be
// kept.
const dropped = -1

// Read reads a text that is given sentence by sentence, and keeps the words that
// occur at least atLeast times.
func Read(sentences func(each func(words []string)) error, atLeast int) (*Corpus, error) {
	ids := map[string]int32{}
	var words []string
	var counts []int
	var text []int32
	err := sentences(func(sentence []string) {
		for _, w := range sentence {
			id, known := ids[w]
			if !known {
				id = int32(len(words))
				words, counts = append(words, w), append(counts, 0)
				ids[w] = id
			}
			counts[id]++
			text = append(text, id)
		}
		text = append(text, dropped)
	})
	if err != nil {
		return nil, err
	}
	order := make([]int32, 0, len(words))
	for i, n := range counts {
		if n >= atLeast {
			order = append(order, int32(i))
		}
	}
	if len(order) < 2 {
		return nil, fmt.Errorf("of %d words none but %d occur %d times: the text is too short to learn from", len(words), len(order), atLeast)
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(words[a], words[b]))
	})
	c := &Corpus{}
	place := make([]int32, len(words))
	for i := range place {
		place[i] = dropped
	}
	for i, old := range order {
		place[old] = int32(i)
		c.Words, c.Counts = append(c.Words, words[old]), append(c.Counts, counts[old])
		c.Total += counts[old]
	}
	kept := text[:0]
	for _, id := range text {
		switch {
		case id == dropped:
			if len(kept) > 0 {
				c.sentences = append(c.sentences, kept[:len(kept):len(kept)])
			}
			kept = kept[len(kept):]
		case place[id] != dropped:
			kept = append(kept, place[id])
		}
	}
	return c, nil
}
