package data

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Archive is the name of the package's file, as its manager saves it.
func (p Package) Archive() string {
	switch p.Manager {
	case debian:
		return p.Name + "_" + strings.ReplaceAll(p.Version, ":", "%3a") + "_all.deb"
	case debSource:
		_, version, found := strings.Cut(p.Version, ":")
		if !found {
			version = p.Version
		}
		upstream, _, _ := strings.Cut(version, "-")
		return p.Name + "_" + upstream + ".orig.tar.xz"
	}
	return strings.ReplaceAll(strings.TrimPrefix(p.Name, "@"), "/", "-") + "-" + p.Version + ".tgz"
}

// Folder is where in dir the package is unpacked: npm's where node finds them.
func (p Package) Folder(dir string) string {
	if p.Manager == npm {
		return filepath.Join(dir, "node_modules", filepath.FromSlash(p.Name))
	}
	return filepath.Join(dir, p.Name)
}

// stamp is a file in the folder that tells which archive it is from.
const stamp = ".sha256"

// Fetch gets every one of the packages that is not in dir yet with the program
// that manages it, compares its archive's checksum and unpacks it. Archives that
// were copied to dir by hand do as well: with all of them there, it needs no
// network.
func Fetch(ctx context.Context, packages []Package, dir string, log io.Writer) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, p := range packages {
		if err := p.fetch(ctx, dir, log); err != nil {
			return fmt.Errorf("%s package %s %s: %w", p.Manager, p.Name, p.Version, err)
		}
	}
	return nil
}

func (p Package) fetch(ctx context.Context, dir string, log io.Writer) error {
	archive := filepath.Join(dir, p.Archive())
	sum, err := checksum(archive)
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(log, "fetching %s %s\n", p.Name, p.Version)
		if err := p.get(ctx, dir); err != nil {
			return fmt.Errorf("%w; check the network connection, or put %s into %s by hand", err, p.Archive(), dir)
		}
		sum, err = checksum(archive)
	}
	if err != nil {
		return err
	}
	if sum != p.SHA256 {
		return fmt.Errorf("%s has SHA-256 %s, expected %s; delete it and run this again, and do not train on it", archive, sum, p.SHA256)
	}
	folder := p.Folder(dir)
	if of, err := os.ReadFile(filepath.Join(folder, stamp)); err == nil && string(of) == sum {
		return nil
	}
	if err := errors.Join(os.RemoveAll(folder), os.MkdirAll(folder, 0o755)); err != nil {
		return err
	}
	to, err := filepath.Rel(dir, folder)
	if err != nil {
		return err
	}
	unpack := []string{"tar", "--extract", "--strip-components=1", "--file", p.Archive(), "--directory", to}
	if p.Manager == debian {
		unpack = []string{"dpkg-deb", "--extract", p.Archive(), to}
	}
	if err := run(ctx, dir, unpack...); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, stamp), []byte(sum), 0o644)
}

// get has the manager save the archive in dir.
func (p Package) get(ctx context.Context, dir string) error {
	switch p.Manager {
	case debian:
		return run(ctx, dir, "apt-get", "download", p.Name+"="+p.Version)
	case debSource:
		return p.getSource(ctx, dir)
	}
	return run(ctx, dir, "npm", "pack", "--silent", p.Name+"@"+p.Version)
}

// getSource has apt-get save the source archive from where the system has its
// packages, whether or not it is set up for sources.
func (p Package) getSource(ctx context.Context, dir string) error {
	targets, err := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages").Output()
	if err != nil {
		return fmt.Errorf("apt-get indextargets: %w", err)
	}
	var sources []string
	for line := range strings.Lines(string(targets)) {
		f := strings.Fields(line)
		if len(f) != 3 || f[2] != "main" {
			continue
		}
		if u, err := url.Parse(f[0]); err == nil && strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), "debian") {
			sources = append(sources, "deb-src "+strings.Join(f, " "))
		}
	}
	slices.Sort(sources)
	work, err := os.MkdirTemp(dir, "apt-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	list := filepath.Join(work, "sources.list")
	text := strings.Join(slices.Compact(sources), "\n") + "\n"
	if err := errors.Join(os.WriteFile(list, []byte(text), 0o644), os.MkdirAll(filepath.Join(work, "lists", "partial"), 0o755)); err != nil {
		return err
	}
	list, err = filepath.Abs(list)
	if err != nil {
		return err
	}
	apt := []string{
		"apt-get", "-qq", "-o", "Dir::Etc::SourceList=" + list, "-o", "Dir::Etc::SourceParts=-",
		"-o", "Dir::State::Lists=" + filepath.Join(filepath.Dir(list), "lists"),
	}
	if err := run(ctx, dir, append(slices.Clone(apt), "update")...); err != nil {
		return err
	}
	return run(ctx, dir, append(apt, "source", "--download-only", "--tar-only", p.Name+"="+p.Version)...)
}

// run is a command in dir that must succeed; its output is told if it doesn't.
func run(ctx context.Context, dir string, command ...string) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("%s is missing: install it and run this again", command[0])
	case err != nil:
		return fmt.Errorf("%s: %w: %s", strings.Join(command[:2], " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}

func checksum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
