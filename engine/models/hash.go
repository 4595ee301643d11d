package models

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

// Hash is a file's SHA-256 in hexadecimal digits. It is remembered while the file
// stays the same. told, if any, hears how many bytes were read. It ends with ctx.
func (l *Library) Hash(ctx context.Context, path string, told func(read int64)) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	l.mu.Lock()
	r, known := l.state.Files[path]
	l.mu.Unlock()
	if known && r.SHA256 != "" && r.same(info.Size(), info.ModTime()) {
		return r.SHA256, nil
	}
	sum, err := SHA256(ctx, path, told)
	if err != nil {
		return "", err
	}
	return sum, l.update(func(s *state) {
		if r, known := s.Files[path]; known && r.same(info.Size(), info.ModTime()) {
			r.SHA256 = sum
			s.Files[path] = r
		}
	})
}

// SHA256 reads a whole file for its hash.
func SHA256(ctx context.Context, path string, told func(read int64)) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	piece := make([]byte, 1<<20)
	var read int64
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := f.Read(piece)
		h.Write(piece[:n])
		read += int64(n)
		if told != nil {
			told(read)
		}
		if err == io.EOF {
			return hex.EncodeToString(h.Sum(nil)), nil
		}
		if err != nil {
			return "", fmt.Errorf("reading %s: %w", path, err)
		}
	}
}
