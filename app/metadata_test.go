package main

import (
	"testing"

	"github.com/BurntSushi/toml"
)

// TestMetadata holds FyneApp.toml, which the packaging tool reads, and the
// constants, which the program tells the desktop, to the same words.
func TestMetadata(t *testing.T) {
	var file struct {
		Details struct {
			Icon, Name, ID, Version string
			Build                   int
		}
		Migrations map[string]bool
	}
	if _, err := toml.DecodeFile("../FyneApp.toml", &file); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ what, file, program string }{
		{"ID", file.Details.ID, appID},
		{"Name", file.Details.Name, appName},
		{"Version", file.Details.Version, appVersion},
		{"Icon", file.Details.Icon, "assets/icon.png"},
	} {
		if tt.file != tt.program {
			t.Errorf("%s is %q in FyneApp.toml and %q in the program", tt.what, tt.file, tt.program)
		}
	}
	if file.Details.Build != appBuild {
		t.Errorf("Build is %d in FyneApp.toml and %d in the program", file.Details.Build, appBuild)
	}
	if !file.Migrations["fyneDo"] {
		t.Error("FyneApp.toml does not say that the program uses fyne.Do")
	}
}
