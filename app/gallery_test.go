package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGalleryVerb(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pictures")
	if code := run([]string{"gallery", "list", "--folder", dir}); code != 1 {
		t.Errorf("a gallery that isn't there: %d", code)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("looking made a gallery")
	}
	for _, c := range []struct {
		args string
		code int
		want string // in what is printed
	}{
		{"fake " + dir + " --count 30", 0, ""},
		{"fake " + dir + " --count 30", 1, ""},
		{"list --folder " + dir, 0, "00030.png"},
		{"list --limit 3 --folder " + dir, 0, "and 27 more"},
		{"list --sort oldest --limit 1 --json --folder " + dir, 0, `{"id":"00001.png"`},
		{"search --folder " + dir + " the", 0, "the"},
		{"search --folder " + dir + " xylophone", 0, ""},
		{"rebuild --folder " + dir, 0, "has 30 pictures"},
		{"list --sort size --folder " + dir, 2, ""},
		{"list --seed x --folder " + dir, 2, ""},
		{"search --folder " + dir, 2, ""},
		{"sell", 2, ""},
		{"--help", 0, "rebuild"},
	} {
		code := 0
		out, err := printed(t, func() error {
			code = run(append([]string{"gallery"}, strings.Fields(c.args)...))
			return nil
		})
		if err != nil || code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%s: code %d, want %d; printed\n%s", c.args, code, c.code, out)
		}
	}
}
