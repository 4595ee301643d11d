package gallery

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"darkroom/engine/metadata"
	"darkroom/engine/system"
)

// Export copies pictures to another folder, with their recipes or with no text at
// all; marks are private and stay. A file that is there is not replaced: the copy
// is called 00001-2.png then. It returns the paths of the copies that were made.
func (g *Gallery) Export(folder string, recipes bool, ids ...string) (paths []string, err error) {
	for _, id := range ids {
		source, err := g.path(id)
		if err != nil {
			return paths, err
		}
		file, err := os.ReadFile(source)
		if err != nil {
			return paths, g.failed(id, err)
		}
		if file, err = bare(file, recipes); err != nil {
			return paths, g.failed(id, err)
		}
		path, err := free(folder, id)
		if err == nil {
			if err = system.Replace(path, func(w io.Writer) error { return writeAll(w, file) }); err != nil {
				os.Remove(path)
			}
		}
		if err != nil {
			return paths, fmt.Errorf("picture %q can't be copied to %s: %w: free some space or choose another folder", id, folder, err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// free takes a name that no file has.
func free(folder, id string) (string, error) {
	stem := strings.TrimSuffix(id, ".png")
	for k := 1; ; k++ {
		path := filepath.Join(folder, id)
		if k > 1 {
			path = filepath.Join(folder, fmt.Sprintf("%s-%d.png", stem, k))
		}
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		return path, f.Close()
	}
}

// bare is a PNG without marks, and without any text unless recipes may stay.
func bare(file []byte, recipes bool) ([]byte, error) {
	head, rest, _, err := splitMarks(file)
	if err != nil || recipes {
		return append(head, rest...), err
	}
	kept := append([]byte(nil), head...)
	file = append(head, rest...)
	at := int64(len(metadata.Signature))
	err = metadata.ScanPNG(bytes.NewReader(file), func(c metadata.Chunk) bool {
		begin := at
		at += c.Size
		switch c.Kind {
		case "IHDR", "tEXt", "zTXt", "iTXt", "eXIf":
		default:
			kept = append(kept, file[begin:at]...)
		}
		return true
	})
	return kept, err
}
