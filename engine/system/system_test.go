package system

import "testing"

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 bytes", 999: "999 bytes", 1000: "1 kB", 2_132_674_990: "2.13 GB", 83_400_000: "83 MB", 999_999_999: "1.00 GB",
		Unknown: "an unknown amount",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}
