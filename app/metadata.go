package main

import "darkroom/engine"

// What the program is to the desktop: the same as in FyneApp.toml, which only
// the packaging tool reads (a test compares the two).
const (
	appID      = "app.darkroom.studio"
	appName    = "Darkroom"
	appVersion = engine.Version
	appBuild   = 1
)
