//go:build (!amd64 && !arm64) || purego

package kernel

// levels lists the levels this machine has, best first.
func levels() []*functions { return []*functions{&goLevel} }
