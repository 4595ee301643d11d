package ui

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"fyne.io/fyne/v2"

	"darkroom/engine/gallery"
	"darkroom/engine/models"
)

// saveAs asks where to, and saves what is on show with its recipe: as a PNG, or
// a JPEG when the name ends like one.
func (s *Studio) saveAs() {
	t := s.shown
	if t == nil {
		s.notice.Fail(errNothing)
		return
	}
	picture, request := t.at(s.step), t.request
	s.askFile("Save as", t.filename(s.step), "Save", func(path string) string {
		if !strings.EqualFold(filepath.Ext(path), ".png") && !gallery.IsJPEG(path) {
			path += ".png"
		}
		return path
	}, func(path string) { s.savePicture(path, picture, request) })
}

// askFile asks where to write a file that is called name unless told otherwise, and
// once more when it is there already. named completes the path; write is called off
// Fyne's goroutine.
func (s *Studio) askFile(question, name, answer string, named func(string) string, write func(path string)) {
	asked := "" // the path that was found taken
	s.ask.Open(question, filepath.Join(s.settings.SaveFolder(), name), answer, true, func(path string) {
		path = named(path)
		if _, err := os.Stat(path); err == nil && path != asked {
			asked = path
			s.notice.Tell(fmt.Sprintf("%s is there already; %s once more to replace it", path, strings.ToLower(answer)), "", nil)
			return
		}
		s.ask.Close()
		s.settings.SetSaveFolder(filepath.Dir(path))
		go write(path)
	})
}

// openRecipe asks for a picture and takes over its recipe.
func (s *Studio) openRecipe() {
	s.ask.Open("Recipe of", s.settings.SaveFolder(), "Use", false, func(path string) {
		s.ask.Close()
		go s.readRecipe(path)
	})
}

// chooseModel asks for a model's folder or file.
func (s *Studio) chooseModel() {
	folder, _ := os.UserHomeDir()
	s.ask.Open("Model", folder, "Use", false, func(path string) {
		s.ask.Close()
		s.useModel(path)
	})
}

// useModel makes a folder or a file the model; whether it is one shows when it is
// loaded.
func (s *Studio) useModel(path string) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() && !models.WeightFile(path) {
		s.notice.Fail(fmt.Errorf("%s is no model; choose a file (.safetensors, .ckpt, .gguf) or a folder in the diffusers layout", path))
		return
	}
	s.prompt.SetModel(path)
	s.notice.Tell(fmt.Sprintf("the next pictures are drawn by %s", filepath.Base(path)), "", nil)
}

// listModels offers the models of the library, which are looked for meanwhile.
func (s *Studio) listModels() {
	if s.options.Models == nil {
		return
	}
	go func() {
		paths := s.options.Models(s.ctx)
		s.do(func() {
			for _, path := range paths {
				s.prompt.addModel(path)
			}
		})
	}()
}

// dropped takes what a person dropped on the window: a picture gives its recipe
// back, a folder or a model's file becomes the model.
func (s *Studio) dropped(_ fyne.Position, uris []fyne.URI) {
	if len(uris) == 0 {
		return
	}
	path := uris[0].Path()
	info, err := os.Stat(path)
	switch {
	case err != nil:
		s.notice.Fail(fmt.Errorf("%s can't be opened: %w", filepath.Base(path), err))
	case info.IsDir() || models.WeightFile(path):
		s.useModel(path)
	default:
		go s.readRecipe(path)
	}
}

// openFolder shows the kept pictures in the system's file manager.
func (s *Studio) openFolder() {
	if s.options.Gallery == nil {
		s.notice.Fail(errNoGallery)
		return
	}
	folder := &url.URL{Scheme: "file", Path: filepath.ToSlash(s.options.Gallery.Dir())}
	if err := s.options.App.OpenURL(folder); err != nil {
		s.notice.Fail(fmt.Errorf("the pictures are in %s, which can't be opened from here: %w", s.options.Gallery.Dir(), err))
	}
}

// thumbPixels is the size of a thumbnail of this many units on this screen.
func (s *Studio) thumbPixels(units float32) int {
	return max(1, int(units*density(s.picture)+0.5))
}
