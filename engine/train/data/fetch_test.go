package data

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestArchiveNames(t *testing.T) {
	for want, p := range map[string]Package{
		"lobehub-fluent-emoji-3d-1.1.0.tgz":               {Manager: npm, Name: "@lobehub/fluent-emoji-3d", Version: "1.1.0"},
		"emojibase-data-17.0.0.tgz":                       {Manager: npm, Name: "emojibase-data", Version: "17.0.0"},
		"openclipart-svg_1%3a0.18+dfsg-19_all.deb":        {Manager: debian, Name: "openclipart-svg", Version: "1:0.18+dfsg-19"},
		"crawl_0.28.0.orig.tar.xz":                        {Manager: debSource, Name: "crawl", Version: "2:0.28.0-1.1"},
		"sweethome3d-furniture_1.8-1_all.deb":             {Manager: debian, Name: "sweethome3d-furniture", Version: "1.8-1"},
		"iconify-json-fluent-emoji-high-contrast-0.1.tgz": {Manager: npm, Name: "@iconify-json/fluent-emoji-high-contrast", Version: "0.1"},
	} {
		if got := p.Archive(); got != want {
			t.Errorf("%s %s is saved as %s, want %s", p.Name, p.Version, got, want)
		}
	}
}

// An archive that is there but not what was pinned must not be used, nor fetched
// over.
func TestFetchRefusesAnotherArchive(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, Packages[0].Archive())
	if err := os.WriteFile(path, []byte("other"), 0o644); err != nil {
		t.Fatal(err)
	}
	err := Fetch(context.Background(), Packages, dir, io.Discard)
	if err == nil || !strings.Contains(err.Error(), Packages[0].Name) || !strings.Contains(err.Error(), "do not train on it") {
		t.Errorf("error %v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "other" {
		t.Errorf("the archive is now %q", text)
	}
}

func TestBuildWithoutPackages(t *testing.T) {
	out := t.TempDir()
	err := Build(t.TempDir(), out, nil)
	if err == nil || !strings.Contains(err.Error(), Packages[0].Name) {
		t.Errorf("error %v, want one that names a package", err)
	}
	if left, _ := os.ReadDir(out); len(left) != 0 {
		t.Errorf("a failed build leaves %v", left)
	}
}

// Whoever's work is used must be named, whatever becomes of the packages.
func TestCredits(t *testing.T) {
	text := credits(t.TempDir(), []cutout{{Source: "openclipart-svg", Made: "A. Painter"}, {Source: "openclipart-svg", Made: "A. Painter"}})
	for _, p := range slices.Concat(Packages, Texts) {
		if p.Licence == "" || p.Credit == "" || len(p.SHA256) != 64 || !strings.Contains(text, p.SHA256) || !strings.Contains(text, p.Credit) {
			t.Errorf("%s is not credited", p.Name)
		}
	}
	if !strings.Contains(text, "- A. Painter: 2 pictures") || !strings.Contains(text, "Copyright (c) Microsoft Corporation") {
		t.Error("a maker or a licence is missing")
	}
}

func TestCatalogue(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("PluginFurnitureCatalog.properties")
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(f, "# head\r\nlicense=Public domain\r\nname#2=Chaise \xe9l\xe9gante\r\nmodel#2=/a/b.obj\r\nname#1=Bed\r\nname#x=y\r\ncreator#1=Somebody\r\n")
	w.Close()
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	models, err := catalogue(r)
	if err != nil || len(models) != 2 {
		t.Fatalf("%d models, error %v", len(models), err)
	}
	if m := models[0]; m["name"] != "Bed" || m["creator"] != "Somebody" || m["licence"] != "CC0-1.0" {
		t.Errorf("the first is %v", m)
	}
	if got := models[1]["name"]; got != "Chaise élégante" {
		t.Errorf("the second is called %q", got)
	}
}

func TestModelNames(t *testing.T) {
	called := map[string]row{"Female": {name: "woman", synonyms: []string{"lady"}}, "Arrow": {}}
	for name, want := range map[string][]string{
		"Female": {"woman", "lady"}, "Arrow": nil, "Sofa": {"sofa"}, "Stairs": {"*stairs"}, "Glass": {"glass"}, "Ficus": {"ficus"}, "Wall switch": nil,
	} {
		got, used := modelNames(map[string]string{"name": name, "model": "/a.obj"}, called)
		if used != (want != nil) || used && !slices.Equal(got, want) {
			t.Errorf("%q is %q, used: %v; want %q", name, got, used, want)
		}
	}
	if _, used := modelNames(map[string]string{"name": "Door", "model": "/a.obj", "category": "Doors and windows"}, called); used {
		t.Error("a door of a wall is used")
	}
}
