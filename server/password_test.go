package server

import (
	"context"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"
)

func testPasswords(t *testing.T) *passwords {
	t.Helper()
	return newPasswords(bcrypt.MinCost)
}

func TestPasswordRoundTrip(t *testing.T) {
	t.Parallel()
	p := testPasswords(t)
	for _, password := range []string{"12345678", "pässwörd", strings.Repeat("x", 72)} {
		hash, err := p.hash(t.Context(), password)
		require.NoError(t, err)
		require.NotContains(t, hash, password)
		right, err := p.check(t.Context(), p.signIns, hash, password)
		require.NoError(t, err)
		require.True(t, right)
		for _, wrong := range []string{"", "x", password[1:], strings.ToUpper(password) + "!", password + "\x00", password + "y", password + "\x00" + password} {
			right, err = p.check(t.Context(), p.signIns, hash, wrong)
			require.NoError(t, err)
			require.False(t, right, "%q", wrong)
		}
	}
}

func TestPasswordsThatCannotBe(t *testing.T) {
	t.Parallel()
	p := testPasswords(t)
	for password, want := range map[string]string{
		"":                      "password must have 8 to 72 bytes",
		"1234567":               "password must have 8 to 72 bytes",
		strings.Repeat("x", 73): "password must have 8 to 72 bytes",
		strings.Repeat("é", 37): "password must have 8 to 72 bytes",
		"12345678\x00":          "password must not contain a NUL character",
		"12345678\xff":          "password must be valid UTF-8",
	} {
		_, err := p.hash(t.Context(), password)
		var fault *problem
		require.ErrorAs(t, err, &fault)
		require.Equal(t, http.StatusBadRequest, fault.Status)
		require.Equal(t, want, fault.Detail)
		_, err = HashPassword(password)
		require.EqualError(t, err, want)
	}
}

func TestHashPasswordHasTheProductionCost(t *testing.T) {
	t.Parallel()
	hash, err := HashPassword("12345678")
	require.NoError(t, err)
	cost, err := bcrypt.Cost([]byte(hash))
	require.NoError(t, err)
	require.Equal(t, PasswordCost, cost)
}

// An unknown account costs what a known one costs: the dummy has the same cost, and it is never right.
func TestPasswordOfAnUnknownAccount(t *testing.T) {
	t.Parallel()
	p := newPasswords(5)
	cost, err := bcrypt.Cost(p.dummy)
	require.NoError(t, err)
	require.Equal(t, 5, cost)

	p.dummy, err = bcrypt.GenerateFromPassword([]byte("12345678"), bcrypt.MinCost)
	require.NoError(t, err)
	right, err := p.check(t.Context(), p.signIns, "", "12345678")
	require.NoError(t, err)
	require.False(t, right, "not even the dummy's own password")

	p.dummy = []byte("no hash")
	_, err = p.check(t.Context(), p.signIns, "", "12345678")
	require.Error(t, err, "the dummy was compared with")
}

func TestPasswordHashThatIsNone(t *testing.T) {
	t.Parallel()
	right, err := newPasswords(bcrypt.MinCost).check(t.Context(), newLane(1, ""), "plain text", "plain text")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "plain text")
	require.False(t, right)
}

func TestPasswordTurns(t *testing.T) {
	t.Parallel()
	p := testPasswords(t)
	require.Equal(t, max(1, runtime.GOMAXPROCS(0)/2), cap(p.signIns.turns))
	require.Equal(t, 1, cap(p.familiar.turns))
	require.Equal(t, 1, cap(p.registrations.turns))

	l := p.signIns
	for range cap(l.turns) {
		end, err := l.turn(t.Context())
		require.NoError(t, err)
		t.Cleanup(end)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.check(gone, l, "", "12345678")
	require.ErrorIs(t, err, context.Canceled)

	l.wait = time.Millisecond
	_, err = p.check(t.Context(), l, "", "12345678")
	require.Equal(t, http.StatusServiceUnavailable, problemOf(err).Status)

	// None of that is any business of the other lanes.
	_, err = p.hash(t.Context(), "12345678")
	require.NoError(t, err)
	_, err = p.check(t.Context(), p.familiar, "", "12345678")
	require.NoError(t, err)

	// A turn that ends lets the next one in.
	<-l.turns
	l.wait = time.Minute
	for range 3 {
		_, err = p.check(t.Context(), l, "", "12345678")
		require.NoError(t, err)
	}
	l.turns <- struct{}{}
}

// All lanes together leave a processor to deliveries, and a flood of one lane keeps no other from the processors.
func TestPasswordProcessors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := testPasswords(t)
		most := max(1, runtime.GOMAXPROCS(0)-1)
		begun, end := make(chan *lane, 100), make(chan struct{})
		for _, l := range []*lane{p.signIns, p.familiar, p.registrations} {
			for range most + 1 {
				go func() {
					done, err := p.begin(t.Context(), l)
					if err != nil {
						return // counted below as not served
					}
					begun <- l
					<-end
					done()
				}()
			}
		}
		served := map[*lane]int{}
		for range 3 * (most + 1) {
			synctest.Wait()
			require.LessOrEqual(t, len(begun), most, "hashed at once")
			for len(begun) > 0 {
				served[<-begun]++
				end <- struct{}{}
			}
		}
		require.Equal(t, map[*lane]int{p.signIns: most + 1, p.familiar: most + 1, p.registrations: most + 1}, served)

		for range most {
			p.processors <- struct{}{}
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := p.begin(gone, p.familiar)
		require.ErrorIs(t, err, context.Canceled)
		for range most {
			<-p.processors
		}
		done, err := p.begin(t.Context(), p.familiar)
		require.NoError(t, err, "who gives up gives his turn back")
		done()
	})
}

// A flood does not wait in memory: who comes when the queue is full is refused at once.
func TestPasswordPlaces(t *testing.T) {
	t.Parallel()
	p := testPasswords(t)
	l := p.registrations
	var leave func()
	for range cap(l.places) {
		var err error
		leave, err = l.enter()
		require.NoError(t, err)
	}
	_, err := p.hash(t.Context(), "12345678")
	require.Equal(t, http.StatusServiceUnavailable, problemOf(err).Status)
	require.Contains(t, problemOf(err).Detail, "registering")
	leave()
	for range 3 {
		_, err = p.hash(t.Context(), "12345678")
		require.NoError(t, err, "and gives its place back")
	}
}
