package server

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// However many ask whether the server is ready, the database is asked once at a time, and once a second at the most.
func TestReadinessIsAskedOnceForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		release := make(chan bool)
		r := newReadiness(func(context.Context) bool { asked++; return <-release }, time.Now)
		all := func() (yes, no *int) {
			yes, no = new(int), new(int)
			answers := make(chan bool)
			for range 100 {
				go func() { answers <- r.is() }()
			}
			go func() {
				for range 100 {
					if <-answers {
						*yes++
					} else {
						*no++
					}
				}
			}()
			return yes, no
		}
		yes, _ := all()
		synctest.Wait()
		require.Equal(t, 1, asked)
		release <- true
		synctest.Wait()
		require.Equal(t, 100, *yes)
		time.Sleep(readyGood - time.Nanosecond) // of the bubble's clock
		yes, _ = all()
		synctest.Wait()
		require.Equal(t, 100, *yes)
		require.Equal(t, 1, asked, "the answer is good for a second")
		time.Sleep(time.Nanosecond)
		_, no := all()
		time.Sleep(readyTime) // the database is frozen
		synctest.Wait()
		require.Equal(t, 100, *no)
		require.Equal(t, 2, asked)
		time.Sleep(readyGood)
		yes, _ = all()
		synctest.Wait()
		require.Equal(t, 3, asked, "the frozen question is not waited for")
		release <- true // to the frozen one, which nobody listens to
		release <- true
		synctest.Wait()
		require.Equal(t, 100, *yes)
	})
}
