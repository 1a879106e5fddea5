package run

import (
	"os"
	"runtime/debug"
	"testing"
)

// The tests judge hundreds of small endpoints, so that a quarter of their time was the garbage collector's.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	leastCrowd = 6 // half of what they sent was copies that only had to overlap
	os.Exit(m.Run())
}
