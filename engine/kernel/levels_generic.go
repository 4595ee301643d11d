package kernel

// goLevel is plain Go: the reference of all others, and the only level where
// there is no assembly.
var goLevel = functions{
	level: "go",
	rows:  4, cols: 4,
	tile:          tileGo,
	transpose:     transposeGo,
	lanes:         4,
	copyRows:      copyRowsGo,
	add:           addGo,
	mul:           mulGo,
	axpy:          axpyGo,
	mulAdd:        mulAddGo,
	scale:         scaleGo,
	scaleShift:    scaleShiftGo,
	lerp:          lerpGo,
	exp:           expGo,
	sigmoid:       sigmoidGo,
	silu:          siluGo,
	siluGrad:      siluGradGo,
	gelu:          geluGo,
	geluGrad:      geluGradGo,
	quickGELU:     quickGELUGo,
	quickGELUGrad: quickGELUGradGo,
	adamW:         adamWGo,
	sumLanes:      sumLanesGo,
	dotLanes:      dotLanesGo,
	maxLanes:      maxLanesGo,
	expSumLanes:   expSumLanesGo,
	columnDots:    columnDotsGo,
	peak:          peakGo,
}
