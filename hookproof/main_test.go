package hookproof

import (
	"flag"
	"os"
	"testing"
)

// The judge's tests mostly wait, so more of them run at once than there are processors, unless asked otherwise.
func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		if err := flag.Set("test.parallel", "16"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
