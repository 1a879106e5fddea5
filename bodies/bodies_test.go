package bodies

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// request has a body whose length is not announced.
func request(body io.Reader) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", io.NopCloser(body))
	r.ContentLength = -1
	return r
}

// random is the same bytes each time, and no two neighbouring parts are alike.
func random(size int) []byte {
	body := make([]byte, size)
	for i := range body {
		body[i] = byte(i * i >> 7)
	}
	return body
}

func TestReadIsByteForByte(t *testing.T) {
	t.Parallel()
	places := NewPlaces(1)
	for _, limit := range []int{Usual, Largest} {
		for _, size := range []int{0, 1, small - 1, small, small + 1, Usual - 1, Usual, Usual + 1, Largest - 1, Largest, Largest + 1} {
			for name, reader := range map[string]func(io.Reader) io.Reader{
				"as it is":         func(r io.Reader) io.Reader { return r },
				"in halves":        iotest.HalfReader,
				"the end with it":  iotest.DataErrReader,
				"a byte at a time": iotest.OneByteReader,
			} {
				body := random(size)
				b, err := Source{Limit: limit, Places: places, Time: time.Minute}.Read(httptest.NewRecorder(), request(reader(bytes.NewReader(body))))
				if size > limit {
					require.ErrorIs(t, err, ErrTooLarge, "%d of %d bytes, %s", size, limit, name)
					continue
				}
				require.NoError(t, err, "%d of %d bytes, %s", size, limit, name)
				require.True(t, bytes.Equal(body, b.Bytes()), "%d of %d bytes, %s", size, limit, name)
				b.Free()
			}
		}
	}
	require.Equal(t, 1, places.free, "every place was given back")
	require.Empty(t, places.held)
}

// A body holds no more than it has sent the reason for, whatever it announces.
func TestWhatABodyHolds(t *testing.T) {
	t.Parallel()
	broken := errors.New("the connection is gone")
	for sent, held := range map[int]int{0: small, small: small, small + 1: Usual, Usual: Usual} {
		b := buffers.Get().(*Buffer)
		b.bytes = b.small[:0]
		err := b.fill(io.MultiReader(bytes.NewReader(random(sent)), iotest.ErrReader(broken)), Largest, func() error {
			return errors.New("it asked for a place")
		})
		require.ErrorIs(t, err, broken)
		require.Equal(t, held, cap(b.bytes), "after %d bytes", sent)
		b.Free()
	}
}

func TestAnAnnouncedLengthIsRefusedUnread(t *testing.T) {
	t.Parallel()
	r := request(iotest.ErrReader(errors.New("it was read")))
	r.ContentLength = Usual + 1
	_, err := Source{Limit: Usual}.Read(httptest.NewRecorder(), r)
	require.ErrorIs(t, err, ErrTooLarge)
}

var (
	alice = netip.MustParsePrefix("192.0.2.1/32")
	bob   = netip.MustParsePrefix("192.0.2.2/32")
)

func TestPlacesAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := NewPlaces(2)
		require.True(t, p.take(netip.Prefix{}, time.Second))
		require.True(t, p.take(netip.Prefix{}, time.Second))
		began := time.Now()
		require.False(t, p.take(netip.Prefix{}, time.Second))
		require.Equal(t, time.Second, time.Since(began))
		require.Empty(t, p.waiting, "who gave up is forgotten")
		p.leave(netip.Prefix{})
		require.True(t, p.take(netip.Prefix{}, time.Second))
	})
}

func TestPlacesAreGivenInTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := NewPlaces(1)
		require.True(t, p.take(netip.Prefix{}, time.Second))
		var order []int
		for i := range 3 {
			go func() {
				if p.take(netip.Prefix{}, time.Second) {
					order = append(order, i)
					p.leave(netip.Prefix{})
				}
			}()
			synctest.Wait()
		}
		p.leave(netip.Prefix{})
		synctest.Wait()
		require.Equal(t, []int{0, 1, 2}, order)
		require.Equal(t, 1, p.free)
	})
}

func TestOneClientCannotHaveAllPlaces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := NewPlaces(8)
		require.True(t, p.take(alice, time.Second))
		require.True(t, p.take(alice, time.Second))
		var late bool
		go func() { late = p.take(alice, time.Minute) }()
		synctest.Wait()
		require.False(t, late, "two of eight are one client's share")
		require.True(t, p.take(bob, 0), "the others do not wait for it")
		p.leave(bob)
		synctest.Wait()
		require.False(t, late, "another's place is not its own")
		p.leave(alice)
		synctest.Wait()
		require.True(t, late)
	})
}
