package e2e

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// Several runs of this suite can use one PostgreSQL: none takes a name that another has, and none ends it for the others.
func TestRunsShareAServer(t *testing.T) {
	t.Parallel()
	address := url.URL{Scheme: "postgres", Host: shared.backend.database, User: url.UserPassword(shared.backend.user, shared.backend.password)}
	first, err := newSuite(t.Context(), "", address.String())
	require.NoError(t, err)
	t.Cleanup(first.close)
	second, err := newSuite(t.Context(), "local", address.String())
	require.NoError(t, err)
	t.Cleanup(second.close)
	names := map[string]bool{}
	for _, s := range []*suite{shared, first, second} {
		name, err := s.database(t.Context())
		require.NoError(t, err)
		t.Cleanup(func() { shared.drop(name) })
		require.False(t, names[name], name)
		names[name] = true
	}

	second.close()
	name, err := first.database(t.Context())
	require.NoError(t, err, "the server goes on")
	shared.drop(name)
	var left int
	require.NoError(t, shared.admin.QueryRow(`SELECT count(*) FROM pg_database WHERE datname = $1`, second.template).Scan(&left))
	require.Zero(t, left, "a run drops its template")
}

func TestAServerThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ backend, postgres, complaint string }{
		"beside containers": {"containers", "postgres://postgres:s3cr3t@127.0.0.1:5432", "unset one of them"},
		"no URL":            {"", "127.0.0.1 s3cr3t", "E2E_POSTGRES must be a URL"},
		"no port":           {"", "postgres://postgres:s3cr3t@127.0.0.1", "E2E_POSTGRES must be a URL"},
		"no user":           {"local", "postgres://127.0.0.1:5432", "E2E_POSTGRES must be a URL"},
		"another scheme":    {"local", "mysql://root:s3cr3t@127.0.0.1:5432", "E2E_POSTGRES must be a URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := chooseBackend(t.Context(), row.backend, row.postgres)
			require.ErrorContains(t, err, row.complaint)
			require.NotContains(t, err.Error(), "s3cr3t")
		})
	}
}
