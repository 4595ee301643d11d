package data

import "hash/fnv"

// What is kept for tests and never drawn in training: a rule decides, so that
// trainer and tests agree whatever the set holds. One of so many is:
const (
	heldColours = 10 // colours of a thing
	heldStyles  = 20 // styles of a thing that has others
	heldPairs   = 25 // ordered pairs of things
	heldScenes  = 15 // scenes around a thing
)

// heldNamed are held out whatever the rule says, for people to look at.
var heldNamed = map[string]string{
	"strawberry": "blue", "fox": "green", "banana": "purple", "penguin": "red", "rocket": "pink", "octopus": "yellow",
	"teapot": "orange", "castle": "blue", "mushroom": "blue", "crown": "purple", "guitar": "green", "snail": "red",
}

var heldNamedStyles = map[string]string{
	"owl": Cartoon, "fox": Flat, "sailboat": Sticker, "cactus": Cartoon, "telescope": Flat, "bicycle": Cartoon,
	"dragon": Sticker, "pineapple": Flat, "dog": Sticker, "volcano": Cartoon, "umbrella": Flat, "horse": Cartoon,
}

// HeldColour tells whether things of that name are never dyed in that colour.
func HeldColour(name, colour string) bool {
	return heldNamed[name] == colour || held(heldColours, "colour", name, colour)
}

// HeldStyle tells whether things of that name are never shown in that style. In the
// 3D style all are.
func HeldStyle(name, style string) bool {
	switch style {
	case Flat, Cartoon, Sticker, Glyph:
		return heldNamedStyles[name] == style || held(heldStyles, "style", name, style)
	}
	return false
}

// HeldPair tells whether two things are never shown together in that order.
func HeldPair(first, second string) bool { return held(heldPairs, "pair", first, second) }

// HeldScene tells whether a thing is never shown in a scene, named by its first
// phrase.
func HeldScene(name, scene string) bool { return held(heldScenes, "scene", name, scene) }

func held(oneOf uint64, rule, a, b string) bool {
	h := fnv.New64a()
	h.Write([]byte(rule + "\x00" + a + "\x00" + b))
	sum := h.Sum64()
	return (sum^sum>>32)%oneOf == 0
}
