package words

// Parts of a word are its beginnings and endings, of so many letters.
const (
	shortestBeginning, longestBeginning = 3, 5
	shortestEnding, longestEnding       = 1, 4
	// A part that fewer words have says too little of them.
	partIn = 4
)

// eachPart calls use with the parts of a word, or of a piece that begins or ends one:
// "<bea", "ing>".
func eachPart(word string, begins, ends bool, use func(part string)) {
	if begins {
		for n := shortestBeginning; n <= min(longestBeginning, len(word)-1); n++ {
			use("<" + word[:n])
		}
	}
	if ends {
		for n := shortestEnding; n <= min(longestEnding, len(word)-1); n++ {
			use(word[len(word)-n:] + ">")
		}
	}
}

// commonParts numbers the parts that several of the words have, from first on.
func commonParts(words []string, first int) map[string]int32 {
	count := map[string]int{}
	ids := map[string]int32{}
	for _, w := range words {
		eachPart(w, true, true, func(part string) {
			count[part]++
			if count[part] == partIn {
				ids[part] = int32(first + len(ids))
			}
		})
	}
	return ids
}
