package server

import (
	"crypto/rand"
	"crypto/sha256"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// loginWindow is the time over which login attempts are counted.
const loginWindow = time.Minute

// loginLimiter allows at most limit login attempts, good or bad, in any loginWindow for an address
// and for an account, known or not. It is a sliding window, not a token bucket: a bucket lets twice
// the limit into the first minute. It counts in this process only, so that it holds while the database
// is down; replicas count separately. Safe for concurrent use.
type loginLimiter struct {
	limit int // at least 1
	now   func() time.Time
	salt  [16]byte

	mu        sync.Mutex
	attempts  []loginAttempt // those inside the window, oldest first
	addresses map[netip.Prefix][]time.Time
	accounts  map[accountKey][]time.Time
}

// accountKey stands for an e-mail address. It is salted anew in every process: what people type into a
// login form, passwords by mistake included, is not kept.
type accountKey [sha256.Size]byte

type loginAttempt struct {
	at      time.Time
	address netip.Prefix
	account accountKey
}

func newLoginLimiter(limit int, now func() time.Time) *loginLimiter {
	l := &loginLimiter{limit: limit, now: now}
	_, _ = rand.Read(l.salt[:]) // never fails: it ends the process instead
	l.forget()
	return l
}

// attempt asks for one login. Zero means that it is allowed, and it has been counted. Anything else is
// the time until it would be, and nothing has been counted, so that knocking does not prolong the wait.
func (l *loginLimiter) attempt(address netip.Addr, email string) time.Duration {
	a := loginAttempt{address: limitKey(address), account: l.account(email)}

	l.mu.Lock()
	defer l.mu.Unlock()
	a.at = l.now()
	l.expire(a.at)
	wait := max(l.wait(l.addresses[a.address], a.at), l.wait(l.accounts[a.account], a.at))
	if wait > 0 {
		return wait
	}
	l.attempts = append(l.attempts, a)
	l.addresses[a.address] = append(l.addresses[a.address], a.at)
	l.accounts[a.account] = append(l.accounts[a.account], a.at)
	return 0
}

func (l *loginLimiter) account(email string) accountKey {
	text := strings.ToLower(strings.TrimSpace(email))
	return sha256.Sum256(append(l.salt[:], text...))
}

// wait is the time until the oldest of counted leaves the window, if there is no room before that.
func (l *loginLimiter) wait(counted []time.Time, now time.Time) time.Duration {
	if len(counted) < l.limit {
		return 0
	}
	return counted[0].Add(loginWindow).Sub(now)
}

// expire forgets the attempts that have left the window. Each is looked at once in its life, and the
// first in the queue is also the first of its address and of its account.
func (l *loginLimiter) expire(now time.Time) {
	expired := 0
	for _, a := range l.attempts {
		if now.Sub(a.at) < loginWindow {
			break
		}
		dropFirst(l.addresses, a.address)
		dropFirst(l.accounts, a.account)
		expired++
	}
	if expired > 0 && expired == len(l.attempts) {
		l.forget()
		return
	}
	l.attempts = l.attempts[expired:]
}

// forget starts anew: a map that is emptied key by key keeps the room of its largest day.
func (l *loginLimiter) forget() {
	l.attempts = nil
	l.addresses = make(map[netip.Prefix][]time.Time)
	l.accounts = make(map[accountKey][]time.Time)
}

func dropFirst[K comparable](m map[K][]time.Time, key K) {
	if rest := m[key][1:]; len(rest) > 0 {
		m[key] = rest
		return
	}
	delete(m, key)
}
