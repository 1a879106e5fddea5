package server

import (
	"crypto/rand"
	"crypto/sha256"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// loginLimiter allows at most limit login attempts, good or bad, in any attemptWindow for an address and
// for an account, known or not.
//
// Somebody who only knows an account's e-mail address could use up its attempts and keep its owner out.
// So an address from which the account has signed in before does not share the account's attempts: there
// the address's own limit is enough. Those who do share an address with the owner could find out in this
// way that the account exists; nobody else can. Safe for concurrent use.
type loginLimiter struct {
	addresses *attempts[netip.Prefix]
	accounts  *attempts[accountKey]
	familiar  *familiarPairs
	salt      [16]byte
}

// accountKey stands for an e-mail address, or for one together with an address that it has signed in
// from. It is salted anew in every process: what people type into a login form, passwords by mistake
// included, is not kept.
type accountKey [sha256.Size]byte

func newLoginLimiter(limit int, now func() time.Time) *loginLimiter {
	l := &loginLimiter{
		addresses: newAttempts[netip.Prefix](limit, now),
		accounts:  newAttempts[accountKey](limit, now),
		familiar:  newFamiliarPairs(mostFamiliar),
	}
	_, _ = rand.Read(l.salt[:]) // never fails: it ends the process instead
	return l
}

// loginAttempt is one attempt that has been counted for its address.
type loginAttempt struct {
	limiter  *loginLimiter
	address  netip.Prefix
	pair     accountKey
	familiar bool // the account has signed in from the address before
	giveBack []func()
}

// from counts an attempt of an address, before the body is read, which may come slowly. A wait of zero allows the
// attempt; any other is the time until one is allowed.
func (l *loginLimiter) from(address netip.Addr) (*loginAttempt, time.Duration) {
	a := &loginAttempt{limiter: l, address: limitKey(address)}
	giveBack, wait := l.addresses.take(a.address)
	if wait > 0 {
		return nil, wait
	}
	a.giveBack = append(a.giveBack, giveBack)
	return a, 0
}

// to asks for an attempt at an account. Where it is refused, withdraw the attempt.
func (a *loginAttempt) to(email string) time.Duration {
	account := a.limiter.key(strings.ToLower(strings.TrimSpace(email)))
	a.pair = a.limiter.key(string(account[:]) + a.address.String())
	if a.familiar = a.limiter.familiar.has(a.pair); a.familiar {
		return 0
	}
	giveBack, wait := a.limiter.accounts.take(account)
	if wait > 0 {
		return wait
	}
	a.giveBack = append(a.giveBack, giveBack)
	return 0
}

// withdraw forgets an attempt that tried no password, which gives nothing away. So what is counted is
// bounded by the passwords that can be compared in the window, however many addresses a flood comes from.
func (a *loginAttempt) withdraw() {
	for _, giveBack := range a.giveBack {
		giveBack()
	}
}

// succeeded remembers where the account has signed in from.
func (a *loginAttempt) succeeded() { a.limiter.familiar.add(a.pair) }

func (l *loginLimiter) key(text string) accountKey {
	return sha256.Sum256(append(l.salt[:], text...))
}

// mostFamiliar is how many pairs of an account and an address are remembered: a few megabytes.
const mostFamiliar = 100_000

// familiarPairs remembers the latest of the pairs that it is given: at least half as many as most, and
// never more than most. Safe for concurrent use.
type familiarPairs struct {
	half int

	mu            sync.Mutex
	recent, older map[accountKey]struct{}
}

func newFamiliarPairs(most int) *familiarPairs {
	return &familiarPairs{half: most / 2, recent: map[accountKey]struct{}{}}
}

func (f *familiarPairs) has(pair accountKey) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, recent := f.recent[pair]
	_, older := f.older[pair]
	return recent || older
}

func (f *familiarPairs) add(pair accountKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, known := f.recent[pair]; !known && len(f.recent) == f.half {
		f.older, f.recent = f.recent, map[accountKey]struct{}{}
	}
	f.recent[pair] = struct{}{}
}
