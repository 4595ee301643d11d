package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// The studio's own icons, drawn on a 24 × 24 grid and coloured by the theme.
var (
	// diceIcon shows the five of a die.
	diceIcon = theme.NewThemedResource(icon("dice", `d="`+
		`M6 3h12a3 3 0 0 1 3 3v12a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3V6a3 3 0 0 1 3-3z`+
		`M8 6.2a1.8 1.8 0 1 0 0 3.6a1.8 1.8 0 1 0 0-3.6z`+
		`M16 6.2a1.8 1.8 0 1 0 0 3.6a1.8 1.8 0 1 0 0-3.6z`+
		`M12 10.2a1.8 1.8 0 1 0 0 3.6a1.8 1.8 0 1 0 0-3.6z`+
		`M8 14.2a1.8 1.8 0 1 0 0 3.6a1.8 1.8 0 1 0 0-3.6z`+
		`M16 14.2a1.8 1.8 0 1 0 0 3.6a1.8 1.8 0 1 0 0-3.6z"`))

	// swapIcon shows two arrows past each other.
	swapIcon = theme.NewThemedResource(icon("swap", `d="`+
		`M7 4L2 9l5 5v-4h9v-2H7z`+`M17 10l5 5l-5 5v-4H8v-2h9z"`))

	// lockedIcon and unlockedIcon tell whether something is kept as it is.
	lockedIcon = theme.NewPrimaryThemedResource(icon("locked", `d="`+
		lockBody+`M7 10V7a5 5 0 0 1 10 0v3h-2V7a3 3 0 0 0-6 0v3z"`))
	unlockedIcon = theme.NewThemedResource(icon("unlocked", `d="`+
		lockBody+`M7 10V6a5 5 0 0 1 9.8-1.4l-1.9.6A3 3 0 0 0 9 6v4z"`))

	// ownSeedIcon shows a picture and where it came from.
	ownSeedIcon = theme.NewThemedResource(icon("ownseed", `d="`+
		`M3 3h18v18H3z`+`M5 5v14h14V5z`+`M12 8.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7z"`))

	// compareIcon shows one picture beside another.
	compareIcon = theme.NewThemedResource(icon("compare", `d="`+
		`M3 4h8v16H3z`+`M5 6v12h4V6z`+
		`M13 4h8v16h-8z`+`"`))

	// createIcon and galleryIcon stand for the pages: a brush, four pictures.
	createIcon = theme.NewThemedResource(icon("create", `d="`+
		`M20.7 3.3a2.2 2.2 0 0 0-3.1 0L8.2 12.7l3.1 3.1l9.4-9.4a2.2 2.2 0 0 0 0-3.1z`+
		`M7.2 13.8c-1.9 0-3.2 1.4-3.2 3.2c0 1.4-.8 2.2-2 2.4c1.2 1.2 2.7 1.6 4.2 1.6c2.4 0 4.2-1.8 4.2-4.1z"`))
	galleryIcon = theme.NewThemedResource(icon("gallery", `d="`+
		`M3 3h8v8H3z`+`M13 3h8v8h-8z`+`M3 13h8v8H3z`+`M13 13h8v8h-8z"`))

	// starIcon offers to star a picture, starredIcon shows that it is.
	starIcon    = theme.NewThemedResource(icon("star", `d="`+starPath+starHole+`"`))
	starredIcon = theme.NewPrimaryThemedResource(icon("starred", `d="`+starPath+`"`))
)

// A five-pointed star of radius 10, and a smaller one to cut out of it, which
// runs the other way round.
const (
	starPath = `M12.00 2.20L14.59 8.64L21.51 9.11L16.18 13.56L17.88 20.29L12.00 16.60L6.12 20.29L7.82 13.56L2.49 9.11L9.41 8.64z`
	starHole = `M12.00 5.10L10.24 9.77L5.25 10.01L9.15 13.13L7.83 17.94L12.00 15.20L16.17 17.94L14.85 13.13L18.75 10.01L13.76 9.77z`
)

// lockBody is a padlock without its shackle.
const lockBody = `M6 10h12a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1z`

func icon(name, path string) fyne.Resource {
	return fyne.NewStaticResource(name+".svg", []byte(
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="#000000" `+path+`/></svg>`))
}
