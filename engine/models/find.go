package models

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// ErrUnknown says that no model goes by a name.
var ErrUnknown = errors.New("no such model")

// titled is how the web UI names a model in its menus: with the short hash.
var titled = regexp.MustCompile(`^(.*?)\s*\[([0-9a-fA-F]{10,64})\]$`)

// hash is a name that is the beginning of a SHA-256, of ten digits or more.
var hash = regexp.MustCompile(`^[0-9a-fA-F]{10,64}$`)

// Find finds a model by its path, its name with or without its ending, its name
// with folders before it, or the first ten or more digits of its SHA-256; the case
// of letters makes no difference. For a hash that is not known yet, whole models
// are read until one has it; told, if any, hears of each. The error wraps ErrUnknown
// if there is none.
func (l *Library) Find(ctx context.Context, name string, told func(Model)) (Model, error) {
	listing, err := l.Scan(ctx, nil)
	if err != nil {
		return Model{}, err
	}
	if abs, err := filepath.Abs(name); err == nil {
		for _, m := range listing.Models {
			if m.Path == abs {
				return m, nil
			}
		}
	}
	wanted := strings.TrimSpace(name)
	if t := titled.FindStringSubmatch(wanted); t != nil {
		if m, err := l.byHash(ctx, listing.Models, t[2], nil); err == nil {
			return m, nil
		}
		wanted = t[1] // moved or changed since; the name may still do
	}
	found := byName(listing.Models, wanted)
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		var paths []string
		for _, m := range found {
			paths = append(paths, m.Path)
		}
		return Model{}, fmt.Errorf("%d models are called %q: name one by its path: %s", len(found), name, strings.Join(paths, ", "))
	case hash.MatchString(wanted):
		return l.byHash(ctx, listing.Models, wanted, func(m Model) {
			if told != nil {
				told(m)
			}
		})
	}
	return Model{}, fmt.Errorf("%q is neither a path nor the name of a model in the library%s (%w)", name, has(listing.Models), ErrUnknown)
}

// has names some whole models.
func has(list []Model) string {
	const most = 8
	var names []string
	for _, m := range list {
		if m.Kind == Whole {
			names = append(names, m.Name)
		}
	}
	switch {
	case len(names) == 0:
		return ", which has none: add a folder of models with `darkroom models add FOLDER`, or fetch one with `darkroom models get`"
	case len(names) > most:
		return fmt.Sprintf(", such as %s and %d more: `darkroom models list` shows all", strings.Join(names[:most], ", "), len(names)-most)
	}
	return ", which has " + strings.Join(names, ", ")
}

// byName lists the models of a name: whole models if there are any.
func byName(list []Model, name string) []Model {
	wanted := strings.ToLower(filepath.ToSlash(name))
	for _, matches := range []func(Model) bool{
		func(m Model) bool { return m.Name == name },
		func(m Model) bool {
			path := strings.ToLower(filepath.ToSlash(m.Path))
			stem := path
			if !m.Folder {
				stem = strings.TrimSuffix(path, filepath.Ext(path))
			}
			return strings.ToLower(m.Name) == wanted || strings.HasSuffix(path, "/"+wanted) || strings.HasSuffix(stem, "/"+wanted)
		},
	} {
		var whole, other []Model
		for _, m := range list {
			switch {
			case !matches(m):
			case m.Kind == Whole:
				whole = append(whole, m)
			default:
				other = append(other, m)
			}
		}
		if len(whole) > 0 {
			return whole
		}
		if len(other) > 0 {
			return other
		}
	}
	return nil
}

// byHash finds a file by the beginning of its SHA-256. With told, whole models whose
// hash is not known are read.
func (l *Library) byHash(ctx context.Context, list []Model, begin string, told func(Model)) (Model, error) {
	begin = strings.ToLower(begin)
	if i := slices.IndexFunc(list, func(m Model) bool { return strings.HasPrefix(m.SHA256, begin) }); i >= 0 {
		return list[i], nil
	}
	for _, m := range list {
		if told == nil || m.SHA256 != "" || m.Folder || m.Kind != Whole {
			continue
		}
		told(m)
		sum, err := l.Hash(ctx, m.Path, nil)
		if ctx.Err() != nil {
			return Model{}, ctx.Err()
		}
		if err == nil && strings.HasPrefix(sum, begin) {
			m.SHA256 = sum
			return m, nil
		}
	}
	return Model{}, fmt.Errorf("no model in the library has a SHA-256 that begins with %s%s (%w)", begin, has(list), ErrUnknown)
}

// Resolve turns what a person calls a model into its path: a path that is there
// stays as it is.
func (l *Library) Resolve(ctx context.Context, name string, told func(Model)) (string, error) {
	if _, err := os.Stat(name); err == nil {
		return name, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	m, err := l.Find(ctx, name, told)
	return m.Path, err
}

// Resolve turns the name of a file of one kind, such as a LoRA's, into its path. What
// the library doesn't know is a path if it is written like one: a file or a folder that
// happens to lie where the program was started, and to be called so, is not meant. A
// whole model has an autoencoder, too, which its path can name.
func (all Listing) Resolve(name string, kind Kind) (string, error) {
	var list []Model
	for _, m := range all.Models {
		if m.Kind == kind {
			list = append(list, m)
		}
	}
	switch found := byName(list, name); {
	case len(found) == 1:
		return found[0].Path, nil
	case len(found) > 1:
		return "", fmt.Errorf("%d of that name are in the library, such as %s: name one by its path", len(found), found[0].Path)
	case (WeightFile(name) || strings.ContainsAny(name, "/"+string(filepath.Separator))) && exists(name):
		return name, nil
	}
	return "", fmt.Errorf("the library has no %s of that name among %d (%w)", kind, len(list), ErrUnknown)
}
