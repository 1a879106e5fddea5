package life

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/event"
	"example.com/hookproof/hookproof/internal/endpointtest"
)

// A body that cannot be sent is told with its file and its place, before anything is.
func TestBodiesAreChecked(t *testing.T) {
	t.Parallel()
	const version = "2023-10-16/"
	for name, row := range map[string]struct{ file, old, with, want string }{
		"no JSON":                {version + "invoice.paid.json", `"type"`, `"type`, `:1: it is not JSON: invalid character 'i' after object key`},
		"the half of it":         {version + "invoice.paid.json", `"metadata": {}}}}`, ``, `:2: it is not JSON: it ends in the middle`},
		"nothing":                {version + "invoice.paid.json", "*", " \n", `: it is empty`},
		"two events":             {version + "invoice.paid.json", `"metadata": {}}}}`, "\"metadata\": {}}}}\n{}", `:3: there is more after the end of the first value; a file has one`},
		"a member twice":         {version + "invoice.paid.json", `"status": "open"`, "\"status\": \"open\",\n\"status\": \"paid\"", `:3: /data/object/status: it is there twice, first in line 2`},
		"no object":              {version + "invoice.paid.json", "*", "[]", `: it is no event of Stripe's: a JSON object with a type and with data.object`},
		"no type":                {version + "invoice.paid.json", `"type": "invoice.paid"`, `"type": ""`, `: it is no event of Stripe's: a JSON object with a type and with data.object`},
		"an object alone":        {version + "invoice.paid.json", "*", `{"type": "invoice.paid"}`, `:1: /data/object: an event of Stripe's has its object there`},
		"another type":           {"2026-08-26.dahlia/invoice.paid.json", `"type": "invoice.paid"`, `"type": "invoice.voided"`, `:1: /type: it is invoice.voided, and that of lives/mine/2023-10-16/invoice.paid.json is invoice.paid`},
		"two invoices":           {version + "invoice.paid.json", `"metadata": {}`, `"metadata": {}, "latest": "in_2"`, `:2: /data/object/latest: it has in_2, and /data/object/id has in_1: both are bound to invoice, so the body is of two objects`},
		"of the newer version":   {"2026-08-26.dahlia/invoice.paid.json", `"metadata": {}`, `"metadata": {}, "latest": "in_2"`, `:2: /data/object/latest: it has in_2, and /data/object/id has in_1: both are bound to invoice, so the body is of two objects`},
		"one invoice":            {version + "invoice.paid.json", `"metadata": {}`, `"metadata": {}, "latest": "in_1"`, ``},
		"none":                   {version + "invoice.paid.json", `"metadata": {}`, `"metadata": {}, "latest": null`, ``},
		"not of one of its own":  {version + "invoice.paid.json", `"metadata": {}`, `"metadata": {}, "latest": "none yet"`, ``},
		"a body that nobody has": {version + "notes.json", "*", `no JSON`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := endpointtest.LifeFolder(strings.Replace(endpointtest.InvoiceLife, `"/data/object/id": "invoice"`, `"/data/object/id": "invoice", "/data/object/latest": "invoice"`, 1)).(fstest.MapFS)
			for file, content := range files {
				if body, is := strings.CutPrefix(file, version); is {
					files["2026-08-26.dahlia/"+body] = &fstest.MapFile{Data: content.Data}
				}
			}
			text := row.with
			if row.old != "*" {
				text = string(files[row.file].Data)
				require.Contains(t, text, row.old)
				text = strings.Replace(text, row.old, row.with, 1)
			}
			files[row.file] = &fstest.MapFile{Data: []byte(text)}
			files[version+"noted.json"] = &fstest.MapFile{Data: []byte(`{"type": "noted", "data": {"object": {"latest": null}}}`)}
			_, err := ReadLife(files, "lives/mine")
			if row.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, "lives/mine/"+row.file+row.want)
		})
	}
}

// A name that stands for another in one event is another object there.
func TestAWordsOwnNameIsNoSecondObject(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer(
		`"charge": {"prefix": "ch_", "of": "invoice"}`, `"charge": {"prefix": "ch_", "of": "invoice"}, "former": {"prefix": "in_"}`,
		`"/data/object/customer": "customer"`, `"/data/object/customer": "customer", "/data/object/latest": "former"`,
	).Replace(endpointtest.InvoiceLife)
	read := func(text string) error {
		files := endpointtest.LifeFolder(text).(fstest.MapFS)
		body := files["2023-10-16/invoice.paid.json"]
		body.Data = []byte(strings.Replace(string(body.Data), `"metadata": {}`, `"metadata": {}, "latest": "in_2"`, 1))
		_, err := ReadLife(files, "lives/mine")
		return err
	}
	require.NoError(t, read(text))
	require.ErrorContains(t, read(strings.Replace(text, `"says": "the invoice is paid"`, `"says": "the invoice is paid", "as": {"former": "invoice"}`, 1)), "so the body is of two objects")
	require.NoError(t, read(strings.Replace(text, `"says": "the invoice is paid"`, `"says": "the invoice is paid", "as": {"former": "invoice"}, "bind": {"/data/object/latest": ""}`, 1)))
}

// Every event of a life can be made, however little its bodies have.
func TestTheLeastBodiesCanBeSent(t *testing.T) {
	t.Parallel()
	l, err := ReadLife(fstest.MapFS{
		"life.json":                   {Data: []byte(`{"words": {"held": {"event": "held.json", "at": 0, "says": "it is held"}, "gone": {"event": "held.json", "at": 1, "says": "it is gone"}}, "roles": {"grants": "held", "ends": ["gone"]}}`)},
		"2023-10-16/held.json":        {Data: []byte(`{"type": "issuing_authorization.created", "data": {"object": {"id": "iauth_1"}}}`)},
		"2026-08-26.dahlia/held.json": {Data: []byte(`{"type": "issuing_authorization.created", "data": {"object": {"amount": 0}}}`)},
	}, "lives/card")
	require.NoError(t, err)
	for word, spec := range l.Vocabulary {
		for _, version := range []string{"2023-10-16", "2026-08-26.dahlia"} {
			_, err := spec.About(event.Subject{"metadata.id": "7"}, version, false, time.Unix(1700000000, 0), false)
			require.NoError(t, err, word)
		}
	}
	e, err := l.Vocabulary["emoji"].About(event.Subject{}, "", false, time.Unix(1700000000, 0), false)
	require.NoError(t, err)
	require.Contains(t, string(e.Body), `{"description":"Zoë Łukasik 😀 𝒳 東京","id": "iauth_1"}`)
}
