package ui

import (
	"cmp"
	"encoding/json"
	"os"

	"fyne.io/fyne/v2"

	"darkroom/engine"
)

// settings is what the studio remembers from one run to the next, kept in
// Fyne's preferences.
type settings struct{ p fyne.Preferences }

// Keys of the preferences. The request is one JSON value, in the form a saved
// picture carries too.
const (
	keyRequest        = "request"
	keyKeepSeed       = "keepSeed"
	keyWidth          = "window.width"
	keyHeight         = "window.height"
	keyHideFavourites = "hideFavourites"
	keySaveFolder     = "saveFolder"
	keyWildcards      = "wildcards"
	keyStyles         = "styles"
	keyPrompts        = "prompts"
	keyPresets        = "presets"
	keyInspector      = "inspector"
)

// Size of the first window; also the smallest that is remembered.
const (
	firstWidth, firstHeight = 1280, 800
	leastWidth, leastHeight = 1024, 600
)

// Request is the request as it was last seen, false if there is none.
func (s settings) Request() (engine.Request, bool) {
	var r engine.Request
	text := s.p.String(keyRequest)
	if text == "" || json.Unmarshal([]byte(text), &r) != nil || r.Validate() != nil {
		return engine.Request{}, false
	}
	return r, true
}

// SetRequest remembers the request.
func (s settings) SetRequest(r engine.Request) {
	if text, err := json.Marshal(r); err == nil {
		s.p.SetString(keyRequest, string(text))
	}
}

// KeepSeed tells whether the seed stays the same from picture to picture.
func (s settings) KeepSeed() bool { return s.p.Bool(keyKeepSeed) }

// SetKeepSeed remembers whether the seed stays the same.
func (s settings) SetKeepSeed(keep bool) { s.p.SetBool(keyKeepSeed, keep) }

// HideFavourites tells whether the favourites are folded away.
func (s settings) HideFavourites() bool { return s.p.Bool(keyHideFavourites) }

// SetHideFavourites remembers whether the favourites are folded away.
func (s settings) SetHideFavourites(hide bool) { s.p.SetBool(keyHideFavourites, hide) }

// SaveFolder is the folder a picture was saved to last; the home folder at
// first.
func (s settings) SaveFolder() string {
	home, _ := os.UserHomeDir() // where there is none, the path begins empty
	return s.p.StringWithFallback(keySaveFolder, home)
}

// SetSaveFolder remembers the folder a picture was saved to.
func (s settings) SetSaveFolder(folder string) { s.p.SetString(keySaveFolder, folder) }

// Wildcards is the folder of wildcards, "" for none.
func (s settings) Wildcards() string { return s.p.String(keyWildcards) }

// SetWildcards remembers the folder of wildcards.
func (s settings) SetWildcards(folder string) { s.p.SetString(keyWildcards, folder) }

// Styles is the file of styles, "" for none.
func (s settings) Styles() string { return s.p.String(keyStyles) }

// SetStyles remembers the file of styles.
func (s settings) SetStyles(path string) { s.p.SetString(keyStyles, path) }

// Inspector tells whether the inspector is unfolded.
func (s settings) Inspector() bool { return s.p.Bool(keyInspector) }

// SetInspector remembers whether the inspector is unfolded.
func (s settings) SetInspector(open bool) { s.p.SetBool(keyInspector, open) }

// WindowSize is the size the window had when it was closed.
func (s settings) WindowSize() fyne.Size {
	return fyne.NewSize(
		max(leastWidth, float32(s.p.FloatWithFallback(keyWidth, firstWidth))),
		max(leastHeight, float32(s.p.FloatWithFallback(keyHeight, firstHeight))))
}

// SetWindowSize remembers the window's size.
func (s settings) SetWindowSize(size fyne.Size) {
	s.p.SetFloat(keyWidth, float64(size.Width))
	s.p.SetFloat(keyHeight, float64(size.Height))
}

// LastModel is the model that was used last, engine.DefaultModel or the path of
// a model folder, and the name of its precision.
func LastModel(p fyne.Preferences) (model, precision string) {
	if r, ok := (settings{p}).Request(); ok {
		return r.Model, cmp.Or(r.Precision, engine.Float32)
	}
	return engine.DefaultModel, engine.Float32
}
