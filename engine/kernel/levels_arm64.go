//go:build arm64 && !purego

package kernel

// levels lists the levels this machine has, best first. All arm64 have NEON.
func levels() []*functions { return []*functions{&neonLevel, &goLevel} }

var neonLevel = functions{
	level: "neon",
	rows:  4, cols: 4,
	tile:          tileGo,
	tileHalf:      tileHalfGo,
	transpose:     transposeGo,
	lanes:         4,
	copyRows:      copyRowsGo,
	add:           addNEON,
	mul:           mulNEON,
	axpy:          axpyNEON,
	mulAdd:        mulAddNEON,
	scale:         scaleNEON,
	scaleShift:    scaleShiftNEON,
	lerp:          lerpNEON,
	exp:           expNEON,
	sigmoid:       sigmoidNEON,
	silu:          siluNEON,
	siluGrad:      siluGradNEON,
	gelu:          geluNEON,
	geluGrad:      geluGradNEON,
	quickGELU:     quickGELUNEON,
	quickGELUGrad: quickGELUGradNEON,
	adamW:         adamWNEON,
	sumLanes:      sumLanesNEON,
	dotLanes:      dotLanesNEON,
	maxLanes:      maxLanesNEON,
	expSumLanes:   expSumLanesNEON,
	columnDots:    columnDotsNEON,
	peak:          peakNEON,
}
