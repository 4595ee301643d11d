package kernel

// goLevel is plain Go: the reference of all others, and the only level where
// there is no assembly.
var goLevel = functions{
	level:             "go",
	cols:              4,
	tiles:             [maxRows + 1]tile{1: tileRowsGo(1), 4: tileRowsGo(4), 12: tileRowsGo(12)},
	transpose:         transposeGo,
	lanes:             4,
	winogradInput:     winogradInputGo,
	winogradWeights:   winogradWeightsGo,
	winogradOutput:    winogradOutputGo,
	winogradOutputAdd: winogradOutputAddGo,
	winogradSpread:    winogradSpreadGo,
	copyRows:          copyRowsGo,
	addRows:           addRowsGo,
	widenHalf:         widenHalfGo,
	widenBrain:        widenBrainGo,
	narrowBrain:       narrowBrainGo,
	prefetch:          prefetchNothing,
	add:               addGo,
	mul:               mulGo,
	axpy:              axpyGo,
	mulAdd:            mulAddGo,
	scale:             scaleGo,
	scaleShift:        scaleShiftGo,
	lerp:              lerpGo,
	exp:               expGo,
	sigmoid:           sigmoidGo,
	silu:              siluGo,
	siluGrad:          siluGradGo,
	gelu:              geluGo,
	geluGrad:          geluGradGo,
	quickGELU:         quickGELUGo,
	quickGELUGrad:     quickGELUGradGo,
	adamW:             adamWGo,
	sumLanes:          sumLanesGo,
	dotLanes:          dotLanesGo,
	maxLanes:          maxLanesGo,
	pow2SumLanes:      pow2SumLanesGo,
	columnDots:        columnDotsGo,
	peak:              peakGo,
}

// prefetchNothing leaves it to the processor.
func prefetchNothing([]float32) {}
