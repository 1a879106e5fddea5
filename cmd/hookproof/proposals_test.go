package main

import (
	"bytes"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/process"
)

func TestTheRequestsThatMakeAnObject(t *testing.T) {
	t.Parallel()
	i := &inquiry{file: targetFile{URL: "http://127.0.0.1:3000/webhook"}}
	for answer, want := range map[string][3]string{
		"POST /orders":                             {"POST", "http://127.0.0.1:3000/orders", ""},
		`put /orders {"a": 1}`:                     {"PUT", "http://127.0.0.1:3000/orders", `{"a": 1}`},
		"POST http://127.0.0.1:4000/orders":        {"POST", "http://127.0.0.1:4000/orders", ""},
		"http://127.0.0.1:4000/orders":             {"", "http://127.0.0.1:4000/orders", ""},
		`curl -sS -XPOST 127.0.0.1:1/o`:            {}, // an unknown flag: it stays a program
		`curl -X PATCH 127.0.0.1:1/o`:              {"PATCH", "http://127.0.0.1:1/o", ""},
		`curl http://127.0.0.1:1/o -d '{"a":"b"}'`: {"", "http://127.0.0.1:1/o", `{"a":"b"}`},
		`curl http://127.0.0.1:1/o --json "{\"a\": 1}" -H "Authorization: Bearer x"`: {"", "http://127.0.0.1:1/o", `{"a": 1}`},
		`curl "127.0.0.1:1/{{id}}?a=1&b=$SHOP" -H "X: $A" -s`:                        {"", "http://127.0.0.1:1/{{id}}?a=1&b={{env.SHOP}}", ""},
		`curl 127.0.0.1:1/$SHOP`:                         {"", "http://127.0.0.1:1/{{env.SHOP}}", ""},
		`curl 127.0.0.1:1/'it'"'"'s'\ o -d $'{"a":\t1}'`: {"", "http://127.0.0.1:1/it's o", "{\"a\":\t1}"},
	} {
		h, err := i.hookOf(answer, false)
		require.NoError(t, err, answer)
		if want[1] == "" {
			require.Equal(t, "curl", h.Command[0])
			continue
		}
		require.NotNil(t, h.HTTP, answer)
		require.Equal(t, want, [3]string{h.HTTP.Method, h.HTTP.URL, string(h.HTTP.Body)}, answer)
	}
	for answer, why := range map[string]string{
		`POST /orders {"a"`:                   "is not JSON",
		"curl 127.0.0.1:1/o -d a=b":           "is not JSON",
		"curl 127.0.0.1:1/o -H Authorization": "NAME: VALUE",
		`curl 127.0.0.1:1/o -d '{"a"`:         "no shell can read this as one curl command: 1:23: reached EOF without closing quote",
		"curl 127.0.0.1:1/o | jq .id":         "1:20: `|` is not a valid word",
		"curl 127.0.0.1:1/$(cat id)":          "no shell can read this as one curl command: unexpected command substitution",
		"/orders":                             "no program /orders is here; a request to the endpoint has its method before it: POST /orders",
	} {
		_, err := i.hookOf(answer, false)
		require.ErrorContains(t, err, why, answer)
	}
}

func TestTheKeyOfMetadataIsFoundInAProgram(t *testing.T) {
	t.Parallel()
	for line, key := range map[string]string{
		"const order = event.data.object.metadata?.orderId;":     "orderId",
		"order_id = session['metadata']['order_id']":             "order_id",
		`order_id = session.get("metadata", {}).get("order_id")`: "order_id",
		"$id = $session->metadata->order_id;":                    "order_id",
		`id := session.Metadata["orderId"]`:                      "orderId",
		"const { id } = (session.metadata ?? {}).booking":        "booking",
		"session.metadata.get('cart')":                           "cart",
		"metadata: { orderId: order.id }":                        "",
		"// whose it is says its metadata. It is ours":           "",
		"// the metadata says whose it is":                       "",
	} {
		i := &inquiry{process: &process.Process{}, sources: sources{"app.js": []byte("\n" + line)}}
		got, where := i.metadataRead()
		require.Equal(t, key, got, line)
		if key != "" {
			require.Equal(t, "app.js:2", where)
		}
	}
}

func TestTheDatabaseOfAProcess(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		environment map[string]string
		upstream    string
		moved       map[string]string
	}{
		{map[string]string{"DATABASE_URL": "postgres://me:secret@db.internal/shop?sslmode=disable"}, "db.internal:5432",
			map[string]string{"DATABASE_URL": "postgres://me:secret@127.0.0.1:6432/shop?sslmode=disable"}},
		{map[string]string{"SPRING_URL": "jdbc:mysql://127.0.0.1:3307/shop"}, "127.0.0.1:3307",
			map[string]string{"SPRING_URL": "jdbc:mysql://127.0.0.1:6432/shop"}},
		{map[string]string{"DATABASE_URL": "postgresql://postgres:post@gres@postgres?host=postgres"}, "postgres:5432",
			map[string]string{"DATABASE_URL": "postgresql://postgres:post@gres@127.0.0.1:6432?host=postgres"}},
		{map[string]string{"PGPORT": "5433"}, "127.0.0.1:5433", map[string]string{"PGHOST": "127.0.0.1", "PGPORT": "6432"}},
		{map[string]string{"PGHOST": "/run/postgresql"}, "127.0.0.1:5432", map[string]string{"PGHOST": "127.0.0.1", "PGPORT": "6432"}},
		{map[string]string{"HOME": "/", "SITE": "http://127.0.0.1:80"}, "", nil},
	} {
		i := &inquiry{process: &process.Process{Environment: row.environment}}
		d := i.findDatabase()
		require.Equal(t, row.upstream, d.upstream)
		require.NotContains(t, d.basis, "secret")
		if row.moved != nil {
			require.Equal(t, row.moved, d.moved(net.JoinHostPort("127.0.0.1", "6432")))
		}
	}
	i := &inquiry{process: &process.Process{PID: 7, Dials: []string{"127.0.0.1:99", "127.0.0.1:5432"}}}
	require.Equal(t, "127.0.0.1:5432", i.findDatabase().upstream)
	require.Nil(t, i.findDatabase().moved)
}

func TestADatabaseElsewhereIsNeitherDialledNorProposed(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	i := &inquiry{asker: &asker{ctx: t.Context(), out: &out}, process: &process.Process{Environment: map[string]string{"DATABASE_URL": "postgres://me:secret@192.0.2.1/shop"}}}
	require.Equal(t, proposal{}, i.proposeDatabase())
	require.Contains(t, out.String(), "is postgres://me:…@192.0.2.1/shop, which is not on this machine, so it is not proposed.\n")
}

func TestAnEndpointWithALiveKeyIsRefused(t *testing.T) {
	t.Parallel()
	p := process.Process{PID: 7, Environment: map[string]string{"A": "b", "STRIPE_KEY": "sk_live_1"}}
	err := ofLiveKey(p)
	require.EqualError(t, err, "STRIPE_KEY of process 7 is a live API key of Stripe's; start the endpoint with a test key (sk_test_…)")
	p.Environment["STRIPE_KEY"] = "sk_test_1"
	require.NoError(t, ofLiveKey(p))
}

// A secret of a command line is neither shown nor written: it becomes a variable that hookproof has, too, or the start is not proposed.
func TestASecretOfACommandLineStaysOutOfTheFile(t *testing.T) {
	t.Parallel()
	for own, written := range map[string]string{"hidden": "{{env.DB_PASS}}", "another": "", "": ""} {
		var out bytes.Buffer
		i := &inquiry{
			asker: &asker{ctx: t.Context(), out: &out}, file: targetFile{URL: "http://127.0.0.1:3000/webhook"},
			process: &process.Process{PID: 7, Command: []string{"sh", "--db-password", "hidden"}, Directory: t.TempDir(), Environment: map[string]string{"DB_PASS": "hidden"}},
			getenv:  func(string) string { return own },
		}
		stop, start := i.proposeStop(), i.proposeStart()
		require.Equal(t, written != "", stop.is)
		require.Equal(t, written != "", start.is)
		require.NotContains(t, out.String()+stop.basis+start.shown+start.basis, "hidden")
		if written != "" {
			require.Contains(t, start.answer, `["sh","--db-password","`+written+`"]`)
			require.Contains(t, start.shown, "sh --db-password … in ")
		} else {
			require.Contains(t, out.String(), "The command line of process 7 has a secret, which belongs into an environment variable")
		}
	}
}

func TestTheFileOfVariables(t *testing.T) {
	t.Parallel()
	require.Equal(t, map[string]string{"A": "b", "SECRET": "whsec_x", "Q": "a # b", "E": "", "C": "d=e"},
		parseEnv("# no\nA=b\nexport SECRET = whsec_x # the shop's\nQ='a # b'\nE=\nno line\nC=d=e\n"))
	require.Equal(t, "postgres://me:…@127.0.0.1/shop", withoutPassword("postgres://me:secret@127.0.0.1/shop"))
	require.NotContains(t, withoutPassword("postgres://127.0.0.1/shop?password=secret"), "secret")
}

func TestTheProposedDSNWorksWithoutTLS(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"postgres://me:secret@127.0.0.1:5432/shop":                     "postgres://me:secret@127.0.0.1:5432/shop?sslmode=prefer",
		"postgres://127.0.0.1/shop?connect_timeout=3":                  "postgres://127.0.0.1/shop?connect_timeout=3&sslmode=prefer",
		"postgresql://127.0.0.1/shop?sslmode=verify-full&a=b":          "postgresql://127.0.0.1/shop?sslmode=verify-full&a=b",
		"postgres://127.0.0.1/shop?application_name=x&sslmode=disable": "postgres://127.0.0.1/shop?application_name=x&sslmode=disable",
	} {
		i := &inquiry{process: &process.Process{Environment: map[string]string{"DATABASE_URL": value}}, getenv: func(string) string { return "" }}
		p := i.proposeDSN()
		require.Equal(t, want, p.answer)
		require.NotContains(t, p.shown, "secret")
		require.Equal(t, want != value, strings.Contains(p.basis, "sslmode"))
		i.getenv = func(string) string { return "require" } // PGSSLMODE
		require.Equal(t, value, i.proposeDSN().answer)
	}
}
