//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"darkroom/assets"
	"darkroom/engine"
	"darkroom/engine/gallery"
	"darkroom/ui"
)

// studio opens the window and returns when it is closed.
func studio([]string) int {
	if err := needDisplay(); err != nil {
		fmt.Fprintf(os.Stderr, "darkroom: %v\n", err)
		return 2
	}
	icon := fyne.NewStaticResource("icon.png", assets.IconPNG)
	// A program that is not built by Fyne's own tool has to say who it is.
	app.SetMetadata(fyne.AppMetadata{
		ID: appID, Name: appName, Version: appVersion, Build: appBuild, Icon: icon,
		Migrations: map[string]bool{"fyneDo": true},
	})
	a := app.NewWithID(appID)
	a.SetIcon(icon)
	a.Settings().SetTheme(ui.Safelight{})

	steps, recorder, err := openTimeline()
	e := engine.New(loader(ui.LastModel(a.Preferences())), recorder)
	defer e.Close()
	defer recorder.leave() // before the engine closes
	ctx, stop := context.WithCancel(context.Background())
	kept, unkept := gallery.Open(picturesFolder()) // without one pictures are still drawn, and can be saved elsewhere
	err = errors.Join(unkept, err)
	if kept != nil {
		defer kept.Close()
	}
	s := ui.New(ui.Options{
		App: a, Engine: e, Gallery: kept, Timeline: steps, Trouble: err, Finder: finder{}, Models: wholeModels,
		Outlook: new(outlooks).look, Named: named,
		Version: appVersion, Toolchain: runtime.Version(), Arithmetic: arithmetic(),
	})
	if os.Getenv(watchKey) != "" {
		a.Lifecycle().SetOnStarted(func() { go watch(ctx, os.Stderr) })
	}
	s.Window().ShowAndRun()
	stop()
	s.Wait()
	return 0
}

// needDisplay says what to do where no window can be opened. Fyne itself would
// end the program with a word about GLFW.
func needDisplay() error {
	switch runtime.GOOS {
	case "windows", "darwin":
		return nil
	}
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return errors.New("there is no display to open the window on (neither DISPLAY nor WAYLAND_DISPLAY is set): " +
			"start it on a desktop or over `ssh -X`, or draw without a window, as `darkroom generate --help` explains")
	}
	return nil
}

// loader loads models for the engine. It begins with the built-in one at once,
// while the window opens, when that is the one used last, in the precision used last.
func loader(last, lastPrecision string) func(ctx context.Context, model, precision string) (engine.Painter, error) {
	type loaded struct {
		painter engine.Painter
		err     error
	}
	ahead := make(chan loaded, 1)
	if last == engine.DefaultModel {
		go func() {
			p, err := load(context.Background(), last, lastPrecision)
			ahead <- loaded{p, err}
			close(ahead)
		}()
	} else {
		close(ahead)
	}
	return func(ctx context.Context, model, precision string) (engine.Painter, error) {
		if model == engine.DefaultModel && precision == lastPrecision {
			select {
			case l, first := <-ahead:
				if first && l.err == nil {
					return l.painter, nil
				}
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		return load(ctx, model, precision)
	}
}
