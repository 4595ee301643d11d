// Package assets holds what the program carries inside itself and shows.
package assets

import _ "embed"

// IconPNG is the program's icon, 512×512, rendered from icon.svg:
//
//	rsvg-convert -w 512 -h 512 icon.svg -o icon.png
//
//go:embed icon.png
var IconPNG []byte

// IconSVG is the drawing the icon is rendered from.
//
//go:embed icon.svg
var IconSVG []byte
