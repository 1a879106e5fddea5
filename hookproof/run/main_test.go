package run

import (
	"os"
	"runtime/debug"
	"testing"
)

// The tests judge hundreds of small endpoints, so that a quarter of their time was the garbage collector's.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}
