package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Safelight is the studio's look: a room dark enough for the picture to be the
// brightest thing in it, lit by one warm lamp. It has no light variant, as a
// darkroom has none.
type Safelight struct{}

var _ fyne.Theme = Safelight{}

// Names of the studio's own colours, beside Fyne's.
const (
	colorPanel  fyne.ThemeColorName = "panel"  // the side panels
	colorFrame  fyne.ThemeColorName = "frame"  // hairline around a thumbnail
	colorNotice fyne.ThemeColorName = "notice" // the strip that tells of an error
	colorQuiet  fyne.ThemeColorName = "quiet"  // captions, status, seeds
)

// The greys lean a little to red, as everything does under a safelight. Text
// keeps a contrast of at least 4.5:1 on every surface it stands on.
var palette = map[fyne.ThemeColorName]color.Color{
	theme.ColorNameBackground:          rgb(0x0b0a0a),
	colorPanel:                         rgb(0x131111),
	theme.ColorNameMenuBackground:      rgb(0x1c1918),
	theme.ColorNameOverlayBackground:   rgb(0x171514),
	theme.ColorNameHeaderBackground:    rgb(0x171514),
	theme.ColorNameInputBackground:     rgb(0x201d1c),
	theme.ColorNameInputBorder:         rgb(0x2b2725),
	theme.ColorNameButton:              rgb(0x262221),
	theme.ColorNameDisabledButton:      rgb(0x1a1817),
	theme.ColorNameSeparator:           rgb(0x262221),
	colorFrame:                         rgb(0x2b2725),
	colorNotice:                        rgb(0x35150f),
	theme.ColorNameForeground:          rgb(0xe3deda),
	colorQuiet:                         rgb(0x968e88),
	theme.ColorNamePlaceHolder:         rgb(0x938b85),
	theme.ColorNameDisabled:            rgb(0x5e5753),
	theme.ColorNamePrimary:             rgb(0xf0683a),
	theme.ColorNameHyperlink:           rgb(0xf58f6a),
	theme.ColorNameForegroundOnPrimary: rgb(0x190b06),
	theme.ColorNameFocus:               rgba(0xf0683a, 0x38),
	theme.ColorNameSelection:           rgba(0xf0683a, 0x40),
	theme.ColorNameHover:               rgba(0xffffff, 0x0c),
	theme.ColorNamePressed:             rgba(0xffffff, 0x20),
	theme.ColorNameScrollBar:           rgba(0xffffff, 0x30),
	theme.ColorNameScrollBarBackground: rgba(0x000000, 0x00),
	theme.ColorNameShadow:              rgba(0x000000, 0x80),
	theme.ColorNameError:               rgb(0xff9c84),
	theme.ColorNameForegroundOnError:   rgb(0x190b06),
	theme.ColorNameWarning:             rgb(0xe8b45a),
	theme.ColorNameForegroundOnWarning: rgb(0x190b06),
	theme.ColorNameSuccess:             rgb(0x9dbb7f),
	theme.ColorNameForegroundOnSuccess: rgb(0x0e120a),
}

// Sizes that differ from Fyne's: a slightly smaller text leaves the picture
// more room.
var sizes = map[fyne.ThemeSizeName]float32{
	theme.SizeNameText:           13,
	theme.SizeNameCaptionText:    11,
	theme.SizeNameSubHeadingText: 16,
	theme.SizeNameHeadingText:    22,
	theme.SizeNameInlineIcon:     18,
	theme.SizeNameInnerPadding:   7,
	theme.SizeNameInputRadius:    6,
	theme.SizeNameScrollBar:      10,
}

// Color returns the palette's colour of that name, whatever the variant.
func (Safelight) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	if c, ok := palette[name]; ok {
		return c
	}
	return theme.DefaultTheme().Color(name, theme.VariantDark)
}

// Font returns Fyne's own fonts.
func (Safelight) Font(style fyne.TextStyle) fyne.Resource {
	return theme.DefaultTheme().Font(style)
}

// Icon returns Fyne's own icons.
func (Safelight) Icon(name fyne.ThemeIconName) fyne.Resource {
	return theme.DefaultTheme().Icon(name)
}

// Size returns the studio's size of that name, or Fyne's.
func (Safelight) Size(name fyne.ThemeSizeName) float32 {
	if s, ok := sizes[name]; ok {
		return s
	}
	return theme.DefaultTheme().Size(name)
}

// shade is the palette's colour of that name for objects drawn by this package.
func shade(name fyne.ThemeColorName) color.Color {
	return Safelight{}.Color(name, theme.VariantDark)
}

func rgb(hex uint32) color.NRGBA { return rgba(hex, 0xff) }

func rgba(hex uint32, alpha uint8) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: alpha}
}
