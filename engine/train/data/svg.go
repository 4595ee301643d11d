package data

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os/exec"
	"strconv"
)

// svgSize is the height and width at which drawings are rendered, to be scaled
// down to SpriteSize.
const svgSize = 256

// renderSVG draws an SVG file with librsvg's rsvg-convert, at svgSize along its
// longer side.
func renderSVG(svg []byte) (image.Image, error) {
	size := strconv.Itoa(svgSize)
	cmd := exec.Command("rsvg-convert", "--keep-aspect-ratio", "--width", size, "--height", size)
	cmd.Stdin = bytes.NewReader(svg)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return nil, errors.New("rsvg-convert is missing; install librsvg's tools (Debian: librsvg2-bin) and run this again")
		}
		return nil, fmt.Errorf("rsvg-convert: %w: %s", err, bytes.TrimSpace(complaint.Bytes()))
	}
	return png.Decode(&out)
}
