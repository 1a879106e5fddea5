package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"github.com/pressly/goose/v3"
)

// Errors that callers distinguish. Everything else a method returns is a failure of the database.
var (
	ErrNotFound   = errors.New("no such row")
	ErrEmailTaken = errors.New("e-mail address is taken")
	ErrSlotHeld   = errors.New("slot is held by another booking")
	ErrUserGone   = errors.New("user no longer exists")
)

// UnpaidError refuses a further booking to a user who has Most unpaid ones already.
type UnpaidError struct{ Most int }

func (e UnpaidError) Error() string {
	return "user has " + strconv.Itoa(e.Most) + " unpaid bookings, which is the limit"
}

// Names of the constraints that refuse a payment event's effect, as migrations declare them.
const (
	SlotConstraint    = "Booking_slot_excl"
	SessionConstraint = "Booking_stripeSessionId_key"
)

// ViolatedConstraint names the unique or exclusion constraint that refused a change, or "" if err is
// something else.
func ViolatedConstraint(err error) string {
	if refused := pq.As(err, pqerror.UniqueViolation, pqerror.ExclusionViolation); refused != nil {
		return refused.Constraint
	}
	return ""
}

// Conflict reports that a transaction lost against others, or waited for their locks, until it was given
// up: a later try may well succeed.
func Conflict(err error) bool {
	return isConflict(err) || pq.As(err, pqerror.LockNotAvailable) != nil
}

// Describe names what failed in words that are safe to log: a SQLSTATE with its name, constraint and
// table, or the kind of a network failure. PostgreSQL's own texts can quote values, and so can other
// errors, so none of them is passed on.
func Describe(err error) string {
	var (
		refused *pq.Error
		op      *net.OpError
	)
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrTableInUse):
		return ErrTableInUse.Error()
	case errors.As(err, &refused):
		text := fmt.Sprintf("SQLSTATE %s %s", refused.Code, refused.Code.Name())
		if refused.Constraint != "" {
			text += ", constraint " + refused.Constraint
		}
		if refused.Table != "" {
			text += ", table " + refused.Table
		}
		return text
	case errors.Is(err, context.DeadlineExceeded):
		return "deadline exceeded"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case tlsFault(err) != "":
		return "TLS: " + tlsFault(err)
	case errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error"):
		return op.Err.Error() // a TLS alert, whose text is from a closed list and begins with tls
	case errors.As(err, &op):
		return "network: " + op.Op + ": " + plainCause(op.Err)
	case errors.Is(err, sql.ErrNoRows), errors.Is(err, ErrNotFound):
		return "no such row"
	case errors.Is(err, sql.ErrConnDone), errors.Is(err, sql.ErrTxDone):
		return "connection lost"
	case errors.Is(err, goose.ErrVersionNotFound):
		return "migration not found"
	default:
		return fmt.Sprintf("%T", innermost(err))
	}
}

// plainCause gives an operating system's error, whose text is from a closed list, and a type for others.
func plainCause(err error) string {
	var number interface{ Temporary() bool }
	if inner := innermost(err); errors.As(inner, &number) {
		var dns *net.DNSError
		if errors.As(inner, &dns) {
			return "name not resolved"
		}
		return inner.Error()
	}
	return fmt.Sprintf("%T", err)
}

func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// found turns sql.ErrNoRows into ErrNotFound.
func found(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	return err
}

// Unavailable reports that the database is not there for us, or not now, rather than that it refused a
// statement: what was asked for may succeed later.
func Unavailable(err error) bool {
	if refused := pq.As(err); refused != nil {
		switch refused.Code.Class() {
		case pqerror.ClassConnectionException, pqerror.ClassInvalidAuthorizationSpecification,
			pqerror.ClassInvalidCatalogName, pqerror.ClassInsufficientResources, pqerror.ClassOperatorIntervention:
			return true
		}
		return refused.Code == pqerror.ReadOnlySQLTransaction // a server that has become a standby
	}
	var (
		network *net.OpError
		name    *net.DNSError
	)
	return tlsFault(err) != "" || errors.As(err, &network) || errors.As(err, &name) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, sql.ErrConnDone) || errors.Is(err, sql.ErrTxDone) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
