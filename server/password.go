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

	// turnWait is how long a request waits for its turn to hash before it is told to come back.
	turnWait = 5 * time.Second
	// waitingForATurn is how many wait for each turn: what a turn can do within turnWait. Who comes when
	// so many wait is told to come back at once.
	waitingForATurn = 20
)

// passwords hashes and checks passwords with bcrypt. Only a few are hashed at once, so that a flood cannot
// take the processors that deliveries need, and each kind of request waits for turns of its own, so that
// a flood of one keeps none of the others waiting. Safe for concurrent use.
type passwords struct {
	cost          int
	signIns       *lane
	familiar      *lane // sign-ins from where the account has signed in before
	registrations *lane
	dummy         []byte // hash of a password that nobody knows
}

// newPasswords takes bcrypt's cost, 4 to 31.
func newPasswords(cost int) *passwords {
	const comeBack = "too many people are signing in at once; try again in a few seconds"
	return &passwords{
		cost:          cost,
		signIns:       newLane(max(1, runtime.GOMAXPROCS(0)/2), comeBack),
		familiar:      newLane(1, comeBack),
		registrations: newLane(1, "too many people are registering at once; try again in a few seconds"),
		// Written, not computed, or every start would take as long as a sign-in: the form of a hash, with
		// a salt and a result of zeros, which no password has but by a chance of 2^-184.
		dummy: fmt.Appendf(nil, "$2a$%02d$%s", cost, strings.Repeat(".", 53)),
	}
}

// lane is a short queue with turns at its end.
type lane struct {
	places   chan struct{} // has room for those that have a turn and those that wait for one
	turns    chan struct{} // has room for as many as may have a turn at once
	wait     time.Duration
	comeBack string // what is said to those that the lane has no room for
}

func newLane(turns int, comeBack string) *lane {
	return &lane{
		places:   make(chan struct{}, turns*(1+waitingForATurn)),
		turns:    make(chan struct{}, turns),
		wait:     turnWait,
		comeBack: comeBack,
	}
}

// enter takes a place; leave gives it back. The error is a problem: 503 at once when there is none.
func (l *lane) enter() (leave func(), err error) {
	select {
	case l.places <- struct{}{}:
		return func() { <-l.places }, nil
	default:
		return nil, unavailable(l.comeBack)
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
		return nil, unavailable(l.comeBack)
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
	end, err := p.registrations.turn(ctx)
	if err != nil {
		return "", err
	}
	defer end()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), p.cost)
	return string(hash), err
}

// check tells whether password is the one that was hashed, when a turn of the lane has come, in which the
// caller has a place. An empty hash stands for an account that does not exist: it takes as long and is
// never right. The same goes for what could not be a password.
func (p *passwords) check(ctx context.Context, in *lane, hash, password string) (bool, error) {
	end, err := in.turn(ctx)
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
