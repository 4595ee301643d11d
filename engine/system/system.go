// Package system says how much memory and room on a disk this machine has left.
package system

import (
	"fmt"
	"math"
)

// Unknown is what is left where the system doesn't tell: enough for anything.
const Unknown = math.MaxInt64

// Bytes is a number of bytes as people read it, in powers of a thousand, as shops
// and download pages count.
func Bytes(n int64) string {
	switch {
	case n == Unknown:
		return "an unknown amount"
	case n >= 999_500_000:
		return fmt.Sprintf("%.2f GB", float64(n)/1e9)
	case n >= 999_500:
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	case n >= 1000:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d bytes", n)
}
