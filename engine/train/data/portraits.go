package data

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed portraits.mjs
var portraitScript string

// portraitsEach is how many portraits of each of DiceBear's styles there are, and
// heldPortraits which part of them, counted from the end, is kept for tests.
const (
	portraitsEach = 600
	heldPortraits = 20
)

// portraits adds faces whose traits are known, since they were made of them.
func (b *builder) portraits() error {
	person := b.portraitThing()
	dir, err := filepath.Abs(b.fetched)
	if err != nil {
		return err
	}
	args := []string{"--input-type=module", "-", dir, strconv.Itoa(portraitsEach)}
	for _, p := range Packages {
		if name, is := strings.CutPrefix(p.Name, "@dicebear/"); is && name != "core" {
			args = append(args, name)
		}
	}
	cmd := exec.Command("node", args...)
	cmd.Stdin = strings.NewReader(portraitScript)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return errors.New("node is missing; install Node.js and run this again")
	}
	if err != nil {
		return fmt.Errorf("drawing portraits with node: %w: %s", err, complaint.String())
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<24)
	for i := 0; lines.Scan(); i++ {
		var p struct {
			Style, SVG string
			Is         map[string]any
		}
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			return fmt.Errorf("drawing portraits with node: %w", err)
		}
		c := cutout{
			Thing: person, Style: Portrait, Source: "@dicebear/" + p.Style,
			HeldBack: i%portraitsEach >= portraitsEach-heldPortraits,
		}
		c.Traits, c.Manner = describeFace(p.Is)
		b.add(c, func() (image.Image, error) { return renderSVG([]byte(p.SVG)) })
	}
	return lines.Err()
}

// hairWords are the words for DiceBear's haircuts; * stands for the colour.
// Those that are missing aren't mentioned.
var hairWords = map[string]string{
	"long": "long * hair", "extraLong": "long * hair", "straightHair": "long * hair", "bangs": "long * hair",
	"shortCombover": "short * hair", "buzzcut": "short * hair", "fade": "short * hair", "shortHair": "short * hair",
	"shortComboverChops": "short * hair", "sideShave": "short * hair", "bobCut": "bobbed * hair", "bobBangs": "bobbed * hair",
	"curly": "curly * hair", "curlyHighTop": "curly * hair", "curlyBob": "curly * hair", "curlyShortHair": "curly * hair",
	"wavyBob": "wavy * hair", "curlyBun": "a * hair bun", "straightBun": "a * hair bun", "bunUndercut": "a * hair bun",
	"bunHair": "a * hair bun", "froBun": "a * hair bun", "pigtails": "* pigtails", "braids": "* braids",
	"mohawk": "a * mohawk", "mrT": "a * mohawk", "bald": "no hair", "mrClean": "no hair", "balding": "little hair",
	"shavedHead": "no hair", "cap": "a cap", "beanie": "a beanie", "turban": "a turban", "fonze": "short * hair",
	"full": "full * hair", "pixie": "short * hair", "dannyPhantom": "spiky * hair", "dougFunny": "little * hair",
	"bowlCutHair": "short * hair",
	// Open Peeps have heads instead, whose hair is black or grey.
	"afro": "an afro", "longAfro": "an afro", "bun": "a hair bun", "bun2": "a hair bun", "buns": "hair buns",
	"cornrows": "cornrows", "cornrows2": "cornrows", "dreads1": "dreadlocks", "dreads2": "dreadlocks",
	"hatBeanie": "a beanie", "hatHip": "a hat", "hijab": "a hijab", "longBangs": "long hair", "longCurly": "long curly hair",
	"noHair1": "no hair", "noHair2": "no hair", "noHair3": "no hair", "short1": "short hair", "short2": "short hair",
	"short3": "short hair", "short4": "short hair", "short5": "short hair", "grayShort": "short gray hair",
	"grayMedium": "gray hair", "grayBun": "a gray hair bun", "mohawk2": "a mohawk", "flatTop": "a flat top haircut",
}

var faceWords = map[string]string{
	"smile": "smiling", "bigSmile": "smiling", "smirk": "smiling", "laughing": "laughing", "openedSmile": "smiling",
	"teethSmile": "smiling", "gapSmile": "smiling", "frown": "frowning", "sad": "looking sad", "openSad": "looking sad",
	"surprised": "looking surprised", "surprise": "looking surprised", "smileBig": "smiling", "smileLOL": "laughing",
	"smileTeethGap": "smiling", "rage": "looking angry", "veryAngry": "looking angry", "awe": "looking surprised",
}

var beardWords = map[string]string{
	"beardMustache": "a beard", "beard": "a beard", "goatee": "a goatee", "walrus": "a mustache", "mustache": "a mustache",
	"full": "a beard", "full2": "a beard", "full3": "a beard", "full4": "a beard", "goatee1": "a goatee", "goatee2": "a goatee",
	"chin": "a beard", "scruff": "a beard",
}

// describeFace says in words what DiceBear says of a portrait in its own.
func describeFace(is map[string]any) (traits, manner []string) {
	text := func(key string) string {
		s, _ := is[key].(string)
		return s
	}
	colour := func(key string) string { return hexColour(text(key)) }
	add := func(s string) {
		if s != "" {
			traits = append(traits, strings.Join(strings.Fields(s), " "))
		}
	}
	hair := text("hair")
	switch {
	case strings.HasPrefix(hair, "long") && len(hair) == 6: // adventurer's: long01 …
		add("long " + colour("hairColor") + " hair")
	case strings.HasPrefix(hair, "short") && len(hair) == 7:
		add("short " + colour("hairColor") + " hair")
	case hair != "":
		add(strings.Replace(hairWords[hair], "*", colour("hairColor"), 1))
	default:
		if head := text("head"); head != "long" {
			add(strings.Replace(hairWords[head], "*", "", 1))
		} else {
			add("long hair")
		}
	}
	accessory := text("accessories")
	switch {
	case strings.HasPrefix(accessory, "sunglasses") || text("eyes") == "sunglasses":
		add("sunglasses")
	case strings.HasPrefix(accessory, "glasses") || text("glasses") != "" || text("eyes") == "glasses":
		add("glasses")
	case accessory == "eyepatch":
		add("an eye patch")
	case accessory == "catEars":
		add("cat ears")
	case accessory == "clownNose":
		add("a clown nose")
	}
	if b := beardWords[text("facialHair")]; b != "" {
		add(b)
	} else {
		for _, moustache := range []string{text("facialHair"), text("features"), accessory} {
			if strings.HasPrefix(moustache, "mo") || moustache == "mustache" {
				add("a mustache")
				break
			}
		}
	}
	if text("earrings") != "" {
		add("earrings")
	}
	for _, key := range []string{"skinColor", "baseColor"} {
		if c, ok := parseHex(text(key)); ok {
			add(skin(c))
		}
	}
	for _, key := range []string{"mouth", "face"} {
		if w := faceWords[text(key)]; w != "" {
			manner = append(manner, w)
		}
	}
	for _, key := range []string{"clothingColor", "shirtColor"} {
		if c := colour(key); c != "" {
			manner = append(manner, "in "+indefinite(c+" shirt"))
		}
	}
	return traits, manner
}

// skin is the word for a colour of skin, by its luminance.
func skin(c rgb) string {
	switch l := 0.299*c[0] + 0.587*c[1] + 0.114*c[2]; {
	case l > 0.72:
		return "light skin"
	case l > 0.45:
		return "brown skin"
	}
	return "dark skin"
}

// parseHex reads a colour like "#ac6511".
func parseHex(s string) (c rgb, ok bool) {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "#"), 16, 32)
	if err != nil || len(s) != 7 {
		return c, false
	}
	return rgb{float32(n>>16) / 255, float32(n>>8&255) / 255, float32(n&255) / 255}, true
}

// hexColour is the word for a colour like "#ac6511", "" if there is none.
func hexColour(s string) string {
	c, ok := parseHex(s)
	if !ok {
		return ""
	}
	return colourWord(float64(c[0]), float64(c[1]), float64(c[2]))
}
