package store

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// Refusal says why a connection failed, where the cause is known: it completes "the database at … ", says what to
// change, and quotes nothing but sslmode. It is final when no further try would end otherwise: with several
// hosts, when each of them refuses.
func (s *Store) Refusal(err error) (why string, final bool) {
	final = err != nil
	for _, one := range each(err) {
		reason := s.refusal(one)
		if why == "" {
			why = reason
		}
		final = final && reason != ""
	}
	return why, final
}

// each lists the errors that were joined, as lib/pq joins those of several hosts.
func each(err error) []error {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		if joined, ok := inner.(interface{ Unwrap() []error }); ok {
			var all []error
			for _, one := range joined.Unwrap() {
				all = append(all, each(one)...)
			}
			return all
		}
	}
	return []error{err}
}

// refusal is the one of a single host; "" when a later try may succeed.
func (s *Store) refusal(err error) string {
	mode := s.config.SSLMode
	if mode == "" {
		mode = pq.SSLModeRequire // lib/pq's default
	}
	var refused *pq.Error
	switch fault := tlsFault(err); {
	case fault == noTLS:
		return fmt.Sprintf("offers no TLS, but DATABASE_URL asks for it (sslmode=%s); turn TLS on at the server (ssl = on), "+
			"or write sslmode=disable where nobody else can reach the network between", mode)
	case fault == unknownAuthority && s.config.SSLRootCert == "":
		return "shows a TLS certificate that no authority known to this machine has signed; " +
			"name the file of the authority's certificate as sslrootcert in DATABASE_URL"
	case fault == unknownAuthority:
		return "shows a TLS certificate that the authority in the file of sslrootcert has not signed; " +
			"name the right file as sslrootcert in DATABASE_URL"
	case fault == otherHost:
		return "shows a TLS certificate for another host name; write the host in DATABASE_URL as the certificate names it, " +
			"or have a certificate made for this one"
	case fault == outOfDate:
		return "shows a TLS certificate that has expired, or is not valid yet; renew it, or set this machine's clock"
	case fault == unreadableFile:
		return "cannot be asked, since a file of TLS cannot be used; " +
			"see that those named in DATABASE_URL (sslrootcert, sslcert, sslkey) are there, and that others cannot read the key"
	case fault != "":
		return "shows a TLS certificate that cannot be verified; have a right one made"
	case !errors.As(err, &refused) || refused.Code.Class() != pqerror.ClassInvalidAuthorizationSpecification:
		return ""
	case refused.Routine == "ClientAuthentication" && mode == pq.SSLModeDisable:
		// PostgreSQL's function for pg_hba.conf. Its text says more, in the server's own language.
		return "has no rule in pg_hba.conf that admits this user, database and address without TLS (" + Describe(refused) + "); " +
			"write sslmode=verify-full in place of sslmode=disable in DATABASE_URL, or have such a rule made"
	case refused.Routine == "ClientAuthentication":
		return "has no rule in pg_hba.conf that admits this user, database and address, or asks for a client certificate (" +
			Describe(refused) + "); have such a rule made, or name sslcert and sslkey in DATABASE_URL"
	}
	return "refuses the user or password of DATABASE_URL (" + Describe(refused) + ")"
}

// What can be wrong with TLS, in words for the log.
const (
	noTLS            = "the server offers none"
	unknownAuthority = "certificate of an unknown authority"
	otherHost        = "certificate for another host"
	outOfDate        = "certificate out of date"
	badCertificate   = "certificate not valid"
	unreadableFile   = "a certificate or key file cannot be used"
)

// tlsFault names what is wrong with TLS, or is "".
func tlsFault(err error) string {
	var (
		authority x509.UnknownAuthorityError
		roots     x509.SystemRootsError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		file      *fs.PathError
		network   *net.OpError
	)
	switch {
	case errors.Is(err, pq.ErrSSLNotSupported):
		return noTLS
	case errors.As(err, &authority), errors.As(err, &roots):
		return unknownAuthority
	case errors.As(err, &host):
		return otherHost
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return outOfDate
	case errors.As(err, &invalid):
		return badCertificate
	case errors.Is(err, pq.ErrSSLKeyHasWorldPermissions), errors.Is(err, pq.ErrSSLKeyUnknownOwnership),
		errors.As(err, &file) && !errors.As(err, &network):
		return unreadableFile
	}
	return ""
}
