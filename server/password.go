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

	// passwordQueue is how long a request waits for its turn to hash before it is told to come back.
	passwordQueue = 5 * time.Second
)

// passwords hashes and checks passwords with bcrypt. Only a few are hashed at once, so that a flood of
// registrations cannot take the processors that deliveries need. Safe for concurrent use.
type passwords struct {
	cost  int
	turns chan struct{} // has room for as many as may hash at once
	queue time.Duration
	dummy []byte // hash of a password that nobody knows
}

// newPasswords takes bcrypt's cost, 4 to 31.
func newPasswords(cost int) *passwords {
	return &passwords{
		cost:  cost,
		turns: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
		queue: passwordQueue,
		// Written, not computed, or every start would take as long as a sign-in: the form of a hash, with
		// a salt and a result of zeros, which no password has but by a chance of 2^-184.
		dummy: fmt.Appendf(nil, "$2a$%02d$%s", cost, strings.Repeat(".", 53)),
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
// there was no turn in time.
func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	if fault := passwordFault(password); fault != "" {
		return "", badRequest(fault)
	}
	leave, err := p.turn(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), p.cost)
	return string(hash), err
}

// check tells whether password is the one that was hashed. An empty hash stands for an account that does
// not exist: it takes as long and is never right. The same goes for what could not be a password.
func (p *passwords) check(ctx context.Context, hash, password string) (bool, error) {
	leave, err := p.turn(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
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

// turn waits until this caller may hash; leave ends its turn.
func (p *passwords) turn(ctx context.Context) (leave func(), err error) {
	tooLong := time.NewTimer(p.queue)
	defer tooLong.Stop()
	select {
	case p.turns <- struct{}{}:
		return func() { <-p.turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-tooLong.C:
		return nil, unavailable("too many people are signing in at once; try again in a few seconds")
	}
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
