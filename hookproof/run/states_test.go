package run

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/check"
	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/memnet"
	"example.com/hookproof/hookproof/result"
)

// A process that has ended by what it did after its ACK is noticed when its state is read. The hook is asked again.
func TestAnEndIsNoticedWhenAStateIsRead(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, nil)
		target := s.target()
		state := target.State
		target.State = func(ctx context.Context, o event.Subject) (any, error) {
			if !target.Listens() {
				return nil, errors.New("nobody listens")
			}
			return state(ctx, o)
		}
		x := pipelineOf(t, target).executor
		h, err := x.deliverFresh(t.Context(), nil)
		require.NoError(t, err)
		require.NoError(t, x.read(t.Context(), h))
		require.NoError(t, s.stop())
		require.ErrorIs(t, x.read(t.Context(), h), errEnded)
		require.NoError(t, x.read(t.Context(), h), "it runs again")
		require.EqualValues(t, 1, x.process.starts.Load())
	})
}

// A state that is not as it should be is read again when effects must have come, and so is what it is compared with.
func TestAStateIsReadAgainWhenEffectsMustHaveCome(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		order int // of what is late: the first is the reference's
		after int // readings
	}{"its own": {2, 1}, "what it is compared with": {1, 2}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			memnet.Virtual(t, func(t *testing.T) {
				s := openStall(t, nil)
				target := s.target()
				orders, readings := []string{}, map[string]int{}
				subject, state := target.Subject, target.State
				target.Subject = func(ctx context.Context) (event.Subject, error) {
					o, err := subject(ctx)
					s.mu.Lock()
					defer s.mu.Unlock()
					orders = append(orders, o.Text("metadata.order"))
					return o, err
				}
				target.State = func(ctx context.Context, o event.Subject) (any, error) {
					s.mu.Lock()
					id := o.Text("metadata.order")
					readings[id]++
					late := id == orders[row.order-1] && readings[id] <= row.after
					s.mu.Unlock()
					if late {
						return map[string]any{"status": "open"}, nil
					}
					return state(ctx, o)
				}
				c := caseOf(t, check.Equal("paid*2", "paid")[0])
				c.AtOnce = true
				o, err := pipelineOf(t, target).try(t.Context(), c)
				require.NoError(t, err)
				require.Equal(t, result.Pass, o[0].Verdict, o[0].Why)
			})
		})
	}
}

// A reference is delivered once, as it should be, without what is demanded of its answers.
func TestAReferenceIsDeliveredOnce(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		var taken atomic.Int64
		x := pipelineOf(t, openStall(t, func(s *stall) {
			s.answer = func(int, http.ResponseWriter, *http.Request, []byte) bool { taken.Add(1); return false }
		}).target()).executor
		var group sync.WaitGroup
		for _, text := range []string{"paid", "paid=ack", "paid"} {
			group.Go(func() {
				one, err := x.reference(t.Context(), text)
				require.NoError(t, err)
				require.Equal(t, "paid", one.history.Schedule)
			})
		}
		group.Wait()
		require.EqualValues(t, 1, taken.Load())
		_, err := x.reference(t.Context(), "luck")
		require.ErrorContains(t, err, "there is no event called")
	})
}

// That a process had ended when the state of a reference, or of one more subject, was read is no error of the run's: it runs again.
func TestAnEndBesideACaseEndsNoRun(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, nil)
		target := s.target()
		state := target.State
		var ends atomic.Bool
		target.State = func(ctx context.Context, o event.Subject) (any, error) {
			if ends.CompareAndSwap(true, false) {
				_ = s.stop()
				return nil, errors.New("nobody listens")
			}
			return state(ctx, o)
		}
		x := pipelineOf(t, target).executor
		for _, schedule := range []string{"", "paid"} {
			_, err := x.stateOf(t.Context(), schedule)
			require.NoError(t, err)
		}
		ends.Store(true)
		require.NoError(t, x.readAgain(t.Context(), []string{"paid"}))
		require.EqualValues(t, 1, x.ends.Load())
		ends.Store(true)
		places, err := x.perObject(t.Context(), "paid")
		require.NoError(t, err)
		require.Empty(t, places)
		require.EqualValues(t, 2, x.ends.Load())
	})
}

// A process that ends by the calibration's payment makes the target unusable, and says so.
func TestAnEndDuringTheCalibration(t *testing.T) {
	t.Parallel()
	memnet.Virtual(t, func(t *testing.T) {
		s := openStall(t, nil)
		target := s.target()
		state := target.State
		var readings atomic.Int64
		target.State = func(ctx context.Context, o event.Subject) (any, error) {
			if readings.Add(1) == 4 { // after those of the fresh subjects
				_ = s.stop()
				return nil, errors.New("nobody listens")
			}
			return state(ctx, o)
		}
		_, err := Judge(t.Context(), target, Options{Only: []string{"authenticity/genuine"}})
		var unusable *Unusable
		require.ErrorAs(t, err, &unusable)
		require.ErrorContains(t, err, "the target's process ended when it had taken genuine deliveries")
	})
}
