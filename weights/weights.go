// Package weights carries the model that Darkroom draws with when it has been
// given no other: a diffusers folder, embedded.
package weights

import "embed"

// FS holds the folder "default".
//
//go:embed default
var FS embed.FS
