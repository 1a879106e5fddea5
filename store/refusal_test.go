package store

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"

	"github.com/lib/pq"
	"github.com/stretchr/testify/require"
)

// What is certain is final, and what another try may change is not. With several hosts the last word is with the one
// that may still come.
func TestRefusal(t *testing.T) {
	t.Parallel()
	var (
		away     = &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
		starting = &pq.Error{Code: "57P03"}
		password = &pq.Error{Code: "28P01", Routine: "auth_failed"}
		noRole   = &pq.Error{Code: "28000", Routine: "InitializeSessionUserId"}
		noRule   = &pq.Error{Code: "28000", Routine: "ClientAuthentication"}
		expired  = x509.CertificateInvalidError{Reason: x509.Expired}
		invalid  = x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}
	)
	// As lib/pq joins them.
	both := func(a, b error) error {
		return fmt.Errorf("pq: could not connect to any of the hosts:\n%w", errors.Join(fmt.Errorf("connecting to a:1: %w", a), fmt.Errorf("connecting to b:2: %w", b)))
	}
	for _, tc := range []struct {
		mode  string
		err   error
		says  string
		final bool
	}{
		{"disable", nil, "", false},
		{"disable", away, "", false},
		{"disable", starting, "", false},
		{"disable", errors.New("x"), "", false},
		{"disable", password, "refuses the user or password of DATABASE_URL (SQLSTATE 28P01 invalid_password)", true},
		{"disable", noRole, "refuses the user or password", true},
		{"disable", noRule, "admits this user, database and address without TLS", true},
		{"require", noRule, "asks for a client certificate", true},
		{"require", pq.ErrSSLNotSupported, "offers no TLS, but DATABASE_URL asks for it (sslmode=require)", true},
		{"verify-full", expired, "has expired, or is not valid yet", true},
		{"verify-full", invalid, "cannot be verified", true},
		{"verify-full", x509.SystemRootsError{}, "no authority known to this machine", true},
		{"verify-full", pq.ErrSSLKeyHasWorldPermissions, "others cannot read the key", true},
		{"disable", both(password, password), "refuses the user or password", true},
		{"disable", both(password, away), "refuses the user or password", false},
		{"verify-full", both(away, expired), "has expired", false},
		{"verify-full", both(expired, pq.ErrSSLNotSupported), "has expired", true},
		{"verify-full", both(away, starting), "", false},
	} {
		s, err := Open("host=a,b dbname=x user=app sslmode=" + tc.mode)
		require.NoError(t, err)
		why, final := s.Refusal(tc.err)
		require.Equal(t, tc.final, final, "%s %v", tc.mode, tc.err)
		require.Contains(t, why, tc.says)
		require.Equal(t, tc.says == "", why == "", why)
		require.NoError(t, s.Close())
	}
}
