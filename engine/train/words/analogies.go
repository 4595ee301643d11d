package words

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed analogies.txt
var analogiesText string

// Question is one analogy: the first word is to the second as the third to the
// fourth.
type Question struct {
	Kind  string
	Words [4]string
}

// Questions are a hundred common analogies.
var Questions = parseQuestions(analogiesText)

func parseQuestions(text string) []Question {
	var all []Question
	kind := ""
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		switch {
		case len(f) == 2 && f[0] == ":":
			kind = f[1]
		case len(f) == 4 && f[0] != "#":
			all = append(all, Question{kind, [4]string(f)})
		}
	}
	return all
}

// Answer is what vectors say to a question.
type Answer struct {
	Question
	Said []string // the five likeliest words, none if one of the question's is unknown
	Rank int      // of the right one among them, from 1; 0 if it is not there
}

func (a Answer) String() string {
	mark := "–"
	if a.Rank > 0 {
		mark = fmt.Sprint(a.Rank)
	}
	return fmt.Sprintf("%s %-11s %s → %s, %s → %s: %s", mark, a.Kind, a.Words[0], a.Words[1], a.Words[2], a.Words[3], strings.Join(a.Said, ", "))
}

// Ask puts all questions.
func (v *Vectors) Ask() []Answer {
	var all []Answer
	for _, q := range Questions {
		a := Answer{Question: q}
		for _, near := range v.Analogy(q.Words[0], q.Words[1], q.Words[2], 5) {
			a.Said = append(a.Said, near.Word)
		}
		a.Rank = slices.Index(a.Said, q.Words[3]) + 1
		all = append(all, a)
	}
	return all
}

// Right is how many answers have the right word in the first places.
func Right(answers []Answer, places int) int {
	n := 0
	for _, a := range answers {
		if a.Rank > 0 && a.Rank <= places {
			n++
		}
	}
	return n
}
