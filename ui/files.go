package ui

import (
	"fmt"
	"os"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"
)

// saveAs asks where to, and saves what is on show as a PNG with its recipe.
func (s *Studio) saveAs() {
	t := s.shown
	if t == nil {
		s.notice.Fail(errNothing)
		return
	}
	picture, request := t.at(s.step), t.request
	d := dialog.NewFileSave(func(w fyne.URIWriteCloser, err error) {
		if err != nil {
			s.notice.Fail(fmt.Errorf("the picture can't be saved there: %w", err))
		}
		if w == nil {
			return // thought better of it
		}
		path := w.URI().Path()
		w.Close()
		go s.savePNG(path, picture, request)
	}, s.window)
	d.SetFileName(t.filename(s.step))
	d.SetFilter(storage.NewExtensionFileFilter([]string{".png"}))
	d.Resize(s.dialogSize())
	d.Show()
}

// chooseModel asks for a model folder.
func (s *Studio) chooseModel() {
	d := dialog.NewFolderOpen(func(folder fyne.ListableURI, err error) {
		if err != nil {
			s.notice.Fail(fmt.Errorf("the folder can't be opened: %w", err))
		}
		if folder != nil {
			s.prompt.SetModel(folder.Path())
		}
	}, s.window)
	d.SetConfirmText("Use as model")
	d.Resize(s.dialogSize())
	d.Show()
}

// dropped takes what a person dropped on the window: a picture gives its recipe
// back, a folder becomes the model.
func (s *Studio) dropped(_ fyne.Position, uris []fyne.URI) {
	if len(uris) == 0 {
		return
	}
	path := uris[0].Path()
	info, err := os.Stat(path)
	switch {
	case err != nil:
		s.notice.Fail(fmt.Errorf("%s can't be opened: %w", filepath.Base(path), err))
	case info.IsDir():
		s.prompt.SetModel(path)
		s.notice.Tell(fmt.Sprintf("%s is the model now", filepath.Base(path)), "", nil)
	default:
		go s.readRecipe(path)
	}
}

// dialogSize is most of the window.
func (s *Studio) dialogSize() fyne.Size {
	size := s.window.Canvas().Size()
	return fyne.NewSize(min(860, size.Width*0.8), min(600, size.Height*0.8))
}

// thumbPixels is the size of a thumbnail of this many units on this screen.
func (s *Studio) thumbPixels(units float32) int {
	return max(1, int(units*density(s.picture)+0.5))
}
