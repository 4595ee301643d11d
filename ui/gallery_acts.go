package ui

import (
	"errors"
	"fmt"
	"image"
	"os"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"darkroom/engine"
	"darkroom/engine/gallery"
	"darkroom/engine/recipe"
)

// maxAtOnce is how many pictures are asked for with one key at most.
const maxAtOnce = 100

// errNoneChosen says that there is nothing to act on.
var errNoneChosen = errors.New("choose a picture first: with a click or the arrow keys, more of them with " + shortcutLabel(ctrl("click")) + " or Shift")

// connectGallery tells the page what to call.
func (s *Studio) connectGallery() {
	p := s.gallery
	p.marked = s.marking.on
	p.thumb = func(id string, side float32) *image.RGBA { return s.thumbs.get(id, s.thumbPixels(side)) }
	p.focus = s.window.Canvas().Focus // Fyne knows the window of what was painted once
	p.OnCreate = func() { s.pages.Show(s.create) }
	p.filters.OnFolded = func() { s.window.Content().Refresh() }
	p.OnFail = s.notice.Fail
	p.grid.OnOpen = func(id string) { s.withChosen([]string{id}, func(kept []gallery.Picture) { s.openKept(kept[0]) }) }
	p.grid.OnMenu = s.galleryMenu
	p.grid.OnCopy = s.copyRecipes
	d := p.details
	d.OnFavourite, d.OnRating = s.favouriteChosen, s.rate
	d.OnTags = func(add, remove []string) {
		s.markChosen(func(m *gallery.Marks) { m.Tags = append(minus(m.Tags, remove), add...) })
	}
	d.OnCollections = func(add, remove []string) {
		s.markChosen(func(m *gallery.Marks) { m.Collections = append(minus(m.Collections, remove), add...) })
	}
	d.OnParent, d.OnChildren = s.toKeptParent, s.toKeptChildren
	d.OnOpen, d.OnReseed, d.OnVary = s.openChosen, s.reseedChosen, s.varyChosen
	d.OnUse, d.OnStart, d.OnCopy = s.useChosen, s.startFromChosen, s.copyRecipes
	d.OnExport, d.OnReveal, d.OnDelete = s.exportChosen, s.revealChosen, s.deleteChosen
}

// inGallery reports whether the gallery is on show.
func (s *Studio) inGallery() bool { return s.pages.at == s.gallery.page }

// here is what a command does where it does one thing on the gallery's page and
// another elsewhere.
func (s *Studio) here(elsewhere, inGallery func()) func() {
	return func() {
		if s.inGallery() {
			inGallery()
		} else {
			elsewhere()
		}
	}
}

// chosen is the pictures to act on; if there are none, that is said.
func (s *Studio) chosen() []string {
	ids := s.gallery.grid.all()
	if len(ids) == 0 {
		s.notice.Fail(errNoneChosen)
	}
	return ids
}

// withChosen does something with all that is known of pictures, which may have to be
// read first.
func (s *Studio) withChosen(ids []string, do func(kept []gallery.Picture)) {
	if len(ids) == 0 {
		return
	}
	go func() {
		kept, err := s.options.Gallery.Get(s.ctx, ids...)
		s.do(func() {
			switch {
			case err != nil:
				s.notice.Fail(err)
			case len(kept) < len(ids):
				s.notice.Fail(fmt.Errorf("%s not there any more", areOrIs(len(ids)-len(kept))))
				s.gallery.Changed()
			default:
				for i, k := range kept {
					kept[i] = s.marking.on(k)
				}
				do(kept)
			}
		})
	}()
}

// areOrIs begins a sentence about pictures.
func areOrIs(n int) string {
	if n == 1 {
		return "a picture is"
	}
	return fmt.Sprintf("%d pictures are", n)
}

// markChosen changes what is known of the pictures chosen.
func (s *Studio) markChosen(change func(*gallery.Marks)) {
	if ids := s.chosen(); len(ids) > 0 {
		s.mark(ids, change)
	}
}

// favouriteChosen makes the pictures chosen favourites, or takes that back when all of
// them are.
func (s *Studio) favouriteChosen() {
	s.withChosen(s.chosen(), func(kept []gallery.Picture) {
		star := slices.ContainsFunc(kept, func(k gallery.Picture) bool { return !k.Favourite })
		var ids []string
		for _, k := range kept {
			ids = append(ids, k.ID)
		}
		s.mark(ids, func(m *gallery.Marks) { m.Favourite = star })
	})
}

// rate rates the pictures chosen.
func (s *Studio) rate(n int) {
	s.markChosen(func(m *gallery.Marks) { m.Rating = n })
}

// galleryKey handles the keys of the gallery that act without a modifier, unless a
// person types.
func (s *Studio) galleryKey(key fyne.KeyName) bool {
	if _, typing := s.window.Canvas().Focused().(*entry); typing || !s.inGallery() {
		return false
	}
	switch {
	case key == fyne.KeyDelete || key == fyne.KeyBackspace:
		s.deleteChosen()
	case len(key) == 1 && key >= "0" && key <= "5":
		s.rate(int(key[0] - '0'))
	default:
		return false
	}
	return true
}

// openKept shows a picture where it was made, with its steps.
func (s *Studio) openKept(p gallery.Picture) {
	s.pages.Show(s.create)
	s.open(p)
}

func (s *Studio) openChosen() {
	s.withCurrent(s.openKept)
}

// withCurrent does something with the picture touched last of those chosen.
func (s *Studio) withCurrent(do func(gallery.Picture)) {
	if len(s.chosen()) > 0 {
		s.withChosen([]string{s.gallery.grid.current()}, func(kept []gallery.Picture) { do(kept[0]) })
	}
}

// useChosen fills the panel with a recipe.
func (s *Studio) useChosen() {
	s.withCurrent(func(p gallery.Picture) {
		s.pages.Show(s.create)
		s.use(p.Request)
	})
}

// startFromChosen makes a picture the one that the next one starts from.
func (s *Studio) startFromChosen() {
	s.withCurrent(func(p gallery.Picture) {
		r, err := s.prompt.Request()
		if err != nil {
			s.notice.Fail(err)
			return
		}
		r.Image, r.Mask = p.Path, ""
		s.pages.Show(s.create)
		s.fill(r)
		s.remember()
		s.notice.Tell(fmt.Sprintf("the next picture starts from %s, if its model changes pictures or paints over them", p.ID), "", nil)
	})
}

// reseedChosen draws the pictures chosen once more, with other seeds.
func (s *Studio) reseedChosen() {
	s.drawChosen(1, gallery.Reseed, func(r *engine.Request) { r.Seed = freshSeed() })
}

// varyChosen draws variations of the pictures chosen: their noise turned towards that of
// other seeds.
func (s *Studio) varyChosen() {
	n, err := s.gallery.details.variations.Value()
	if err != nil {
		s.notice.Fail(err)
		return
	}
	strength, err := s.gallery.details.strength.Value()
	if err != nil {
		s.notice.Fail(err)
		return
	}
	s.drawChosen(int(n), gallery.Variation, func(r *engine.Request) {
		r.VariationSeed, r.VariationStrength = freshSeed(), strength
	})
}

// drawChosen draws the pictures chosen, each so many times and changed each time.
func (s *Studio) drawChosen(times int, how string, change func(*engine.Request)) {
	ids := s.chosen()
	if n := len(ids) * times; n > maxAtOnce {
		s.notice.Fail(fmt.Errorf("%d pictures are too many to ask for at once; choose up to %d", n, maxAtOnce))
		return
	}
	s.withChosen(ids, func(kept []gallery.Picture) {
		for _, k := range slices.Backward(kept) { // the oldest first
			for range times {
				t := &take{request: k.Request, lineage: gallery.Lineage{Parent: k.ID, How: how}}
				change(&t.request)
				s.start(t, engine.Origin{}, 0)
			}
		}
		s.notice.Tell(fmt.Sprintf("%s being drawn, and will be here", areOrIs(len(kept)*times)), "Watch", func() {
			s.notice.Clear()
			s.pages.Show(s.create)
		})
	})
}

// copyRecipes copies the recipes of the pictures chosen, in the form that other
// programs read.
func (s *Studio) copyRecipes() {
	s.withChosen(s.chosen(), func(kept []gallery.Picture) {
		var texts []string
		for _, k := range kept {
			r := k.Request
			r.Width, r.Height = k.Width, k.Height
			texts = append(texts, recipe.Of(r).Parameters())
		}
		s.options.App.Clipboard().SetContent(strings.Join(texts, "\n\n"))
		words := "the recipe is copied"
		if len(kept) > 1 {
			words = fmt.Sprintf("%d recipes are copied", len(kept))
		}
		s.notice.Tell(words, "", nil)
	})
}

// exportChosen copies the pictures chosen to a folder.
func (s *Studio) exportChosen() {
	ids := s.chosen()
	if len(ids) == 0 {
		return
	}
	s.ask.Open("Export "+plural(len(ids), "picture")+" to the folder", s.settings.SaveFolder(), "Export", false, func(folder string) {
		s.ask.Close()
		s.settings.SetSaveFolder(folder)
		s.each(chore{
			doing: "Exporting", ids: ids,
			act: func(id string) error {
				if err := os.MkdirAll(folder, 0o755); err != nil {
					return fmt.Errorf("the folder %s can't be made: %w", folder, err)
				}
				_, err := s.options.Gallery.Export(folder, true, id)
				return err
			},
			done: func(left []string, err error) {
				n := len(ids) - len(left)
				if err != nil {
					s.notice.Fail(fmt.Errorf("%d of %s exported: %w", n, areOrIs(len(ids)), err))
					return
				}
				s.notice.Tell(fmt.Sprintf("%s in %s", areOrIs(n), folder), "", nil)
			},
		})
	})
}

// revealChosen shows a picture's file in the system's file manager.
func (s *Studio) revealChosen() {
	s.withCurrent(func(p gallery.Picture) {
		go func() {
			if reveal(p.Path) != nil {
				s.do(s.openFolder) // the folder at least
			}
		}()
	})
}

// deleteChosen puts the pictures chosen into the trash, and offers to undo that.
func (s *Studio) deleteChosen() {
	ids := s.chosen()
	if len(ids) == 0 {
		return
	}
	s.gallery.Remove(ids)
	s.shelf.Remove(ids)
	s.each(chore{
		doing: "Deleting", ids: ids, act: s.options.Gallery.Remove,
		done: func(left []string, err error) {
			gone := ids[:len(ids)-len(left)]
			for _, t := range s.recent {
				if slices.Contains(gone, t.kept.ID) {
					t.kept = gallery.Picture{}
				}
			}
			s.present()
			s.gallery.Left(ids)
			if len(left) > 0 {
				s.restock()
			}
			switch {
			case err != nil && len(gone) == 0:
				s.notice.Fail(fmt.Errorf("%w: it stays", err))
			case err != nil:
				s.notice.Fail(fmt.Errorf("%s in the trash, the others stay: %w", areOrIs(len(gone)), err))
			case len(gone) > 0:
				s.notice.Tell(areOrIs(len(gone))+" in the trash", "Undo", func() { s.undelete(gone) })
			}
		},
	})
}

// undelete brings pictures back from the trash.
func (s *Studio) undelete(ids []string) {
	s.notice.Clear()
	s.each(chore{
		doing: "Bringing back", ids: ids,
		act: func(id string) error { _, err := s.options.Gallery.Restore(id); return err },
		done: func(_ []string, err error) {
			s.gallery.wanted = ids[0]
			s.restock()
			if err != nil {
				s.notice.Fail(err)
			}
		},
	})
}

// toKeptParent walks to the picture that the one chosen came from.
func (s *Studio) toKeptParent() {
	s.withCurrent(func(p gallery.Picture) {
		if p.Parent == "" {
			s.notice.Tell("this picture came from no other", "", nil)
			return
		}
		s.withChosen([]string{p.Parent}, func([]gallery.Picture) { s.gallery.Go(p.Parent) })
	})
}

// toKeptChildren looks for the pictures that came from the one chosen.
func (s *Studio) toKeptChildren() {
	s.withCurrent(func(p gallery.Picture) { s.gallery.filters.SetParent(p.ID) })
}

// galleryMenu offers what can be done with the pictures chosen.
func (s *Studio) galleryMenu(at fyne.Position) {
	item := fyne.NewMenuItem
	one := len(s.gallery.grid.chosen) == 1
	rate := item("Rate", nil)
	rate.ChildMenu = fyne.NewMenu("")
	for n := range gallery.MaxRating + 1 {
		label := "None"
		if n > 0 {
			label = strings.Repeat("• ", n)
		}
		rate.ChildMenu.Items = append(rate.ChildMenu.Items, item(fmt.Sprintf("%d   %s", n, label), func() { s.rate(n) }))
	}
	items := []*fyne.MenuItem{
		item("Open", s.openChosen), item("Use its recipe", s.useChosen), item("Use as start", s.startFromChosen),
		item("What it came from", s.toKeptParent), item("What came from it", s.toKeptChildren), item("Show its file", s.revealChosen),
		fyne.NewMenuItemSeparator(),
		item("Re-seed", s.reseedChosen), item("Draw variations", s.varyChosen), item("Copy recipe", s.copyRecipes),
		fyne.NewMenuItemSeparator(),
		item("Add to favourites, or remove", s.favouriteChosen), rate, item("Export…", s.exportChosen), item("Delete", s.deleteChosen),
	}
	if !one {
		items = items[7:]
	}
	widget.ShowPopUpMenuAtPosition(fyne.NewMenu("", items...), s.window.Canvas(), at)
}

// galleryCommands is what the gallery does on a key, or from the menu.
func (s *Studio) galleryCommands() menuGroup {
	there := func(act func()) func() {
		return func() {
			if !s.inGallery() {
				s.pages.Show(s.gallery.page)
			}
			act()
		}
	}
	list := []command{
		{"Search the gallery", keyFind, there(s.gallery.Find)},
		{"Show the filters, or hide them", keyFilters, there(s.gallery.filters.toggle)},
		{"Look for everything", nil, there(s.gallery.filters.Clear)},
		{"Choose everything", nil, there(func() { s.gallery.grid.everything(); s.gallery.grid.changed() })},
		{"Draw variations", keyVary, there(s.varyChosen)},
		{"Use as start of the next picture", nil, there(s.startFromChosen)},
		{"Copy recipe", keyCopyRecipe, there(s.copyRecipes)},
		{"Show the file", nil, there(s.revealChosen)},
		{"Delete: into the trash", nil, there(s.deleteChosen)},
	}
	for n := range gallery.MaxRating + 1 {
		label := fmt.Sprintf("Rate %d", n)
		if n == 0 {
			label = "Rate: none"
		}
		list = append(list, command{label, nil, there(func() { s.rate(n) })})
	}
	return menuGroup{"Gallery", list}
}

// The keys of the gallery, beside those that do there what they do elsewhere.
var (
	keyGallery    = ctrl(fyne.Key2)
	keyFind       = ctrl(fyne.KeyF)
	keyFilters    = ctrlShift(fyne.KeyF)
	keyVary       = ctrlShift(fyne.KeyR)
	keyCopyRecipe = ctrlShift(fyne.KeyC)
)
