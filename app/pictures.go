package main

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// picturesFolder is where pictures are kept: Darkroom in the folder the system
// has for pictures.
func picturesFolder() string {
	home, err := os.UserHomeDir()
	if err != nil {
		home = "."
	}
	return filepath.Join(pictures(home), appName)
}

// pictures is the folder the system has for pictures. Linux desktops name it in
// the person's language and note the name in user-dirs.dirs, as in
// XDG_PICTURES_DIR="$HOME/Bilder" (see xdg-user-dir).
func pictures(home string) string {
	usual := filepath.Join(home, "Pictures")
	config, err := os.UserConfigDir()
	if err != nil || runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return usual
	}
	dirs, err := os.ReadFile(filepath.Join(config, "user-dirs.dirs"))
	if err != nil {
		return usual
	}
	line := regexp.MustCompile(`(?m)^XDG_PICTURES_DIR="(.+)"`).FindSubmatch(dirs)
	if line == nil {
		return usual
	}
	dir := strings.Replace(string(line[1]), "$HOME", home, 1)
	if !filepath.IsAbs(dir) {
		return usual
	}
	return dir
}
