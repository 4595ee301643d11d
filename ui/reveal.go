package ui

import (
	"context"
	"errors"
	"net/url"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// reveal shows a file in the system's file manager, chosen in its folder. Linux
// desktops have an interface for that (freedesktop.org, File Manager DBus Interface).
func reveal(path string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	switch runtime.GOOS {
	case "windows":
		// It ends with an error whether it works or not.
		_ = exec.CommandContext(ctx, "explorer", "/select,"+path).Run()
		return nil
	case "darwin":
		return exec.CommandContext(ctx, "open", "-R", path).Run()
	case "linux", "freebsd", "openbsd", "netbsd":
		uri := (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
		return exec.CommandContext(ctx, "dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.FileManager1",
			"/org/freedesktop/FileManager1", "org.freedesktop.FileManager1.ShowItems",
			"array:string:"+strings.ReplaceAll(uri, ",", "%2C"), "string:").Run()
	}
	return errors.ErrUnsupported
}
