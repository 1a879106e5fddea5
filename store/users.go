package store

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Role says what a user may do.
type Role string

// The roles. Declared in the database as an ENUM of the same words.
const (
	Customer Role = "CUSTOMER" // books for himself
	Ops      Role = "OPS"      // sees everything, changes nothing
	Admin    Role = "ADMIN"    // sees everything, creates resources, cancels any booking
)

// User is somebody who can sign in. Email is kept in lower case.
type User struct {
	ID           uuid.UUID `db:"id"`
	Email        string    `db:"email"`
	PasswordHash string    `db:"passwordHash"`
	Role         Role      `db:"role"`
	CreatedAt    time.Time `db:"createdAt"`
}

// CreateUser adds a user; ErrEmailTaken if the address is in use. The address must be in lower case already.
func (s *Store) CreateUser(ctx context.Context, email, passwordHash string, role Role) (User, error) {
	// A transaction, though it is one statement: a frozen database does what it has been sent when it wakes, and must
	// not commit for somebody who was told that it failed.
	u, err := asked(ctx, s, func(ctx context.Context, tx *Tx) (u User, err error) {
		err = tx.tx.GetContext(ctx, &u, `
			INSERT INTO "User" (email, "passwordHash", role) VALUES ($1, $2, $3)
			RETURNING id, email, "passwordHash", role, "createdAt"`, email, passwordHash, role)
		return u, err
	})
	if ViolatedConstraint(err) == "User_email_key" {
		return User{}, ErrEmailTaken
	}
	return u, err
}

// UserByEmail finds a user by the address in lower case; ErrNotFound if there is none.
func (s *Store) UserByEmail(ctx context.Context, email string) (User, error) {
	return ask(ctx, s.questions, func(ctx context.Context) (u User, err error) {
		err = s.db.GetContext(ctx, &u, `
			SELECT id, email, "passwordHash", role, "createdAt" FROM "User" WHERE email = $1`, email)
		return u, found(err)
	})
}
