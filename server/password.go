package server

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"
)

const (
	// PasswordCost is bcrypt's cost in production: a quarter of a second of one core or so.
	PasswordCost = 12

	// The lengths of a password in bytes. The upper one is bcrypt's: it reads no further.
	minPassword = 8
	maxPassword = 72

	// turnWait is how long a request waits for its turn to hash before it is answered 503.
	turnWait = 5 * time.Second
	// waitingForATurn is how many wait for each turn: what a turn can do within turnWait. Who comes when
	// so many wait is answered 503 at once.
	waitingForATurn = 20
)

// passwords hashes and checks passwords with bcrypt. All lanes together leave a processor to deliveries, where there is
// more than one. Each kind of request has turns of its own, so that a flood of one keeps none of the others waiting.
// Safe for concurrent use.
type passwords struct {
	cost          int
	processors    chan struct{} // has room for as many as may hash at once
	signIns       *lane
	familiar      *lane // sign-ins from where the account has signed in before
	registrations *lane
	dummy         []byte // hash of a password that nobody knows
}

// newPasswords takes bcrypt's cost, 4 to 31.
func newPasswords(cost int) *passwords {
	const busy = "too many people are signing in at once; try again in a few seconds"
	processors := runtime.GOMAXPROCS(0)
	return &passwords{
		cost:          cost,
		processors:    make(chan struct{}, max(1, processors-1)),
		signIns:       newLane(max(1, processors/2), busy),
		familiar:      newLane(1, busy),
		registrations: newLane(1, "too many people are registering at once; try again in a few seconds"),
		// Written, not computed, or every start would take as long as a sign-in: the form of a hash, with
		// a salt and a result of zeros, which no password has but by a chance of 2^-184.
		dummy: fmt.Appendf(nil, "$2a$%02d$%s", cost, strings.Repeat(".", 53)),
	}
}

// lane is a short queue with turns at its end.
type lane struct {
	places chan struct{} // has room for those that have a turn and those that wait for one
	turns  chan struct{} // has room for as many as may have a turn at once
	wait   time.Duration
	busy   string // the 503's detail
}

func newLane(turns int, busy string) *lane {
	return &lane{
		places: make(chan struct{}, turns*(1+waitingForATurn)),
		turns:  make(chan struct{}, turns),
		wait:   turnWait,
		busy:   busy,
	}
}

// enter takes a place; leave gives it back. The error is a problem: 503 at once when there is none.
func (l *lane) enter() (leave func(), err error) {
	select {
	case l.places <- struct{}{}:
		return func() { <-l.places }, nil
	default:
		return nil, unavailable(l.busy)
	}
}

// turn waits until whoever has a place may hash; end ends its turn.
func (l *lane) turn(ctx context.Context) (end func(), err error) {
	tooLong := time.NewTimer(l.wait)
	defer tooLong.Stop()
	select {
	case l.turns <- struct{}{}:
		return func() { <-l.turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-tooLong.C:
		return nil, unavailable(l.busy)
	}
}

// begin waits for a turn of the lane, then for a processor. Few have a turn, and processors go to them in the order in
// which they ask, so the second wait is a few hashes long. end gives both back.
func (p *passwords) begin(ctx context.Context, in *lane) (end func(), err error) {
	endTurn, err := in.turn(ctx)
	if err != nil {
		return nil, err
	}
	select {
	case p.processors <- struct{}{}:
		return func() { <-p.processors; endTurn() }, nil
	case <-ctx.Done():
		endTurn()
		return nil, ctx.Err()
	}
}

// HashPassword hashes a new password as the server does, for a command that makes a user. The error
// says what is wrong with the password, and never quotes it.
func HashPassword(password string) (string, error) {
	if fault := passwordFault(password); fault != "" {
		return "", errors.New(fault)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), PasswordCost)
	return string(hash), err
}

// hash hashes a new password. The error is a problem: 400 for a password that cannot be one, 503 when
// there was no place, or no turn in time.
func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	if fault := passwordFault(password); fault != "" {
		return "", badRequest(fault)
	}
	leave, err := p.registrations.enter()
	if err != nil {
		return "", err
	}
	defer leave()
	end, err := p.begin(ctx, p.registrations)
	if err != nil {
		return "", err
	}
	defer end()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), p.cost)
	return string(hash), err
}

// check reports whether password is the one that was hashed. It waits for a turn of the lane, in which the
// caller has a place. An empty hash stands for an account that does not exist: it takes as long and is
// never right. The same goes for what could not be a password.
func (p *passwords) check(ctx context.Context, in *lane, hash, password string) (bool, error) {
	end, err := p.begin(ctx, in)
	if err != nil {
		return false, err
	}
	defer end()
	against := []byte(hash)
	if hash == "" {
		against = p.dummy
	}
	err = bcrypt.CompareHashAndPassword(against, []byte(password))
	if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("stored password hash cannot be used: %w", err)
	}
	// bcrypt reads 72 bytes and repeats a shorter password, with a NUL between, until it has them: it
	// would also take the right one with anything after the 72nd byte, or twice with a NUL between.
	return hash != "" && passwordFault(password) == "", nil
}

// passwordFault says in a sentence why a password cannot be accepted, or "".
func passwordFault(password string) string {
	switch {
	case len(password) < minPassword || len(password) > maxPassword:
		return fmt.Sprintf("password must have %d to %d bytes", minPassword, maxPassword)
	case strings.ContainsRune(password, 0):
		// Other implementations of bcrypt end the password there: the hash would let in more than one.
		return "password must not contain a NUL character"
	case !utf8.ValidString(password):
		return "password must be valid UTF-8" // else no JSON body could ever hold it
	}
	return ""
}
