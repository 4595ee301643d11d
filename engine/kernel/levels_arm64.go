//go:build arm64 && !purego

package kernel

// levels lists the levels this machine has, best first. All arm64 have NEON.
func levels() []*functions { return []*functions{&neonLevel, &goLevel} }

var neonLevel = functions{
	level:             "neon",
	cols:              16,
	tiles:             [maxRows + 1]tile{1: tile1x16NEON, 2: tile2x16NEON, 4: tile4x16NEON, 6: tile6x16NEON},
	halves:            [maxRows + 1]tile{1: tile1x8NEON, 2: tile2x8NEON, 4: tile4x8NEON, 6: tile6x8NEON},
	transpose:         transposeGo,
	lanes:             4,
	winogradInput:     winogradInputNEON,
	winogradWeights:   winogradWeightsNEON,
	winogradOutput:    winogradOutputNEON,
	winogradOutputAdd: winogradOutputAddNEON,
	winogradSpread:    winogradSpreadNEON,
	copyRows:          copyRowsGo,
	addRows:           addRowsGo,
	widenHalf:         widenHalfNEON,
	widenBrain:        widenBrainNEON,
	narrowBrain:       narrowBrainGo,
	prefetch:          prefetchNothing,
	add:               addNEON,
	mul:               mulNEON,
	axpy:              axpyNEON,
	mulAdd:            mulAddNEON,
	scale:             scaleNEON,
	scaleShift:        scaleShiftNEON,
	lerp:              lerpNEON,
	exp:               expNEON,
	sigmoid:           sigmoidNEON,
	silu:              siluNEON,
	siluGrad:          siluGradNEON,
	gelu:              geluNEON,
	geluGrad:          geluGradNEON,
	quickGELU:         quickGELUNEON,
	quickGELUGrad:     quickGELUGradNEON,
	adamW:             adamWNEON,
	sumLanes:          sumLanesNEON,
	dotLanes:          dotLanesNEON,
	maxLanes:          maxLanesNEON,
	pow2SumLanes:      pow2SumLanesNEON,
	columnDots:        columnDotsNEON,
	peak:              peakNEON,
}
