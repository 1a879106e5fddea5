package target

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/hookproof/hookproof/internal/endpointtest"
)

// withLives writes a target file with lives, one a line from line 2, and beside it the folder lives/mine of a life.
func withLives(t *testing.T, lives string, change func(folder string)) (path string) {
	t.Helper()
	directory := t.TempDir()
	folder := filepath.Join(directory, "lives", "mine")
	require.NoError(t, os.CopyFS(folder, endpointtest.LifeFolder(endpointtest.InvoiceLife)))
	if change != nil {
		change(folder)
	}
	path = filepath.Join(directory, "target.json")
	require.NoError(t, os.WriteFile(path, []byte("{"+least+", \"lives\": {\n"+lives+"\n}}"), 0o600))
	return path
}

const (
	invoiceHooks = `"subject": {"command": ["x"], "pick": {"metadata.order": "/id"}}, "state": {"command": ["x"]}`
	mineLife     = `"mine": {"life": "lives/mine/life.json", ` + invoiceHooks + `}`
)

func TestLivesOfATargetFile(t *testing.T) {
	t.Parallel()
	path := withLives(t, mineLife+`,
		"yen": {"life": "payment", `+invoiceHooks+`},
		"subscription": {"subject": {"command": ["x"]}, "state": {"command": ["x"]}, "grants": ["/credits"], "notAccess": ["/plan"], "ignore": ["/at"], "unhandled": ["a.b"]}`, nil)
	read, err := Load(path, nil)
	require.NoError(t, err)
	all, err := read.ByLife(nil)
	require.NoError(t, err)
	var names, stories []string
	for _, one := range all {
		names, stories = append(names, one.LifeName), append(stories, one.Life.Name)
		require.NotNil(t, one.Subject)
	}
	require.Equal(t, []string{"mine", "subscription", "yen"}, names)
	require.Equal(t, []string{"mine", "subscription", "payment"}, stories)
	require.Equal(t, [][]string{{"/credits"}, {"/plan"}, {"/at"}, {"a.b"}}, [][]string{all[1].Grants, all[1].NotAccess, all[1].Ignore, all[1].Unhandled})
	picked, err := read.ByLife([]string{"yen"})
	require.NoError(t, err)
	require.Len(t, picked, 1)
	_, err = read.ByLife([]string{"mien"})
	require.EqualError(t, err, `the target has no life "mien"; did you mean mine or yen?; it has mine, subscription, yen`)
}

// What is wrong with a life is told with the file, the line and the place, before anything is run.
func TestLivesThatAreWrong(t *testing.T) {
	t.Parallel()
	write := func(file, text string) func(string) {
		return func(folder string) {
			require.NoError(t, os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600))
		}
	}
	edit := func(old, with string) func(string) {
		require.Contains(t, endpointtest.InvoiceLife, old)
		return write("life.json", strings.Replace(endpointtest.InvoiceLife, old, with, 1))
	}
	for name, row := range map[string]struct {
		lives  string
		change func(folder string)
		want   string // FOLDER is the target file's
	}{
		"a name that is mistyped":   {mineLife + ",\n" + `"subscripton": {` + invoiceHooks + `}`, nil, `FOLDER/target.json:3: /lives/subscripton: there is no built-in life "subscripton"; did you mean subscription?; built in are intent, payment, subscription; "life": "path/to/life.json" names one of your own`},
		"a life that is mistyped":   {`"a": {"life": "paymnet", ` + invoiceHooks + `}`, nil, `FOLDER/target.json:2: /lives/a/life: there is no built-in life "paymnet"; did you mean payment?; built in are intent, payment, subscription; "life": "path/to/life.json" names one of your own`},
		"a name that nobody knows":  {`"invoices": {` + invoiceHooks + `}`, nil, `FOLDER/target.json:2: /lives/invoices: there is no built-in life "invoices"; built in are intent, payment, subscription; "life": "path/to/life.json" names one of your own`},
		"a name twice":              {mineLife + ",\n" + mineLife, nil, `FOLDER/target.json:3: /lives/mine: it is there twice, first in line 2`},
		"no object":                 {`"mine": null`, nil, `FOLDER/target.json:2: /lives/mine: it must be an object`},
		"a missing file":            {strings.Replace(mineLife, "lives/mine/", "lives/min/", 1), nil, `FOLDER/target.json:2: /lives/mine/life: there is no file FOLDER/lives/min/life.json`},
		"another file":              {strings.Replace(mineLife, "mine/life.json", "mine/story.json", 1), nil, `FOLDER/target.json:2: /lives/mine/life: FOLDER/lives/mine/story.json must be called life.json: it stands in its life's folder, beside a folder of events for each API version`},
		"no state":                  {`"mine": {"life": "lives/mine/life.json", "subject": {"command": ["x"]}}`, nil, `FOLDER/target.json:2: /lives/mine/subject: subject and state go together: state reads what subject makes`},
		"no hook":                   {`"mine": {"life": "lives/mine/life.json", "subject": {}, "state": {"command": ["x"]}}`, nil, `FOLDER/target.json:2: /lives/mine/subject: a hook is one of`},
		"a subject by a query":      {`"mine": {"life": "lives/mine/life.json", "subject": {"sql": {"dsn": "d", "query": "q"}}, "state": {"command": ["x"]}}`, nil, `FOLDER/target.json:2: /lives/mine/subject: only state can be sql`},
		"no needed name":            {`"mine": {"life": "lives/mine/life.json", "subject": {"command": ["x"], "pick": {"amount": "/a"}}, "state": {"command": ["x"]}}`, nil, `FOLDER/target.json:2: /lives/mine/subject/pick: pick has none of customer, invoice or metadata.KEY, one of which must tie events to the object; add one: "metadata.orderId": "/id"`},
		"a needed name for all":     {`"mine": {"life": "lives/mine/life.json", "subject": {"command": ["x"], "pick": {"customer": {"value": "cus_1"}}}, "state": {"command": ["x"]}}`, nil, `FOLDER/target.json:2: /lives/mine/subject/pick: pick takes none of customer, invoice or metadata.KEY from the answer, and a constant ties events to no single object; add one: "metadata.orderId": "/id"`},
		"no pointer":                {`"mine": {"life": "lives/mine/life.json", "grants": ["credits"]}`, nil, `FOLDER/target.json:2: /lives/mine/grants: "credits" is not a JSON pointer, which begins with a slash`},
		"a word twice":              {mineLife, edit(`"void":    {`, `"sent": {`), `FOLDER/lives/mine/life.json:7: /words/sent: it is there twice, first in line 4`},
		"a role without words":      {mineLife, edit(`"ends": ["void"]`, `"ends": []`), `FOLDER/lives/mine/life.json:9: /roles/ends: it has no words`},
		"a role of an unknown word": {mineLife, edit(`"ends": ["void"]`, `"ends": ["viod"]`), `FOLDER/lives/mine/life.json:9: /roles/ends: there is no word and no phrase "viod"; did you mean void?`},
		"a circle":                  {mineLife, edit(`"of": "invoice"`, `"of": "charge"`), `FOLDER/lives/mine/life.json:2: /names/charge: it follows from itself: charge, from charge`},
		"a life that is no JSON":    {mineLife, write("life.json", "{\n"), `FOLDER/lives/mine/life.json:2: it is not JSON: it ends in the middle`},
		"a body that is no JSON":    {mineLife, write("2023-10-16/invoice.paid.json", "\nnope"), `FOLDER/lives/mine/2023-10-16/invoice.paid.json:2: it is not JSON: invalid character 'o' in literal null (expecting 'u')`},
		"a body of two events":      {mineLife, write("2023-10-16/invoice.paid.json", "{}\n{}"), `FOLDER/lives/mine/2023-10-16/invoice.paid.json:2: there is more after the end of the first value; a file has one`},
		"a body of two invoices": {mineLife, func(folder string) {
			edit(`"/data/object/customer": "customer"`, `"/data/object/customer": "customer", "/data/object/latest": "invoice"`)(folder)
			body, err := os.ReadFile(filepath.Join(folder, "2023-10-16/invoice.paid.json"))
			require.NoError(t, err)
			write("2023-10-16/invoice.paid.json", strings.Replace(string(body), `"charge": null`, `"latest": "in_2"`, 1))(folder)
		}, `FOLDER/lives/mine/2023-10-16/invoice.paid.json:2: /data/object/latest: it has in_2, and /data/object/id has in_1: both are bound to invoice, so the body is of two objects`},
		"a body that is not there": {mineLife, func(folder string) {
			require.NoError(t, os.Remove(filepath.Join(folder, "2023-10-16/invoice.paid.json")))
		}, `FOLDER/lives/mine/life.json:6: /words/part/event: there is no file FOLDER/lives/mine/2023-10-16/invoice.paid.json`},
		"no folder of bodies":           {mineLife, func(folder string) { require.NoError(t, os.RemoveAll(filepath.Join(folder, "2023-10-16"))) }, `FOLDER/lives/mine/life.json: there is no folder of an API version beside it, such as 2023-10-16, with the bodies of its events`},
		"none":                          {``, nil, `FOLDER/target.json:1: /lives: it names none`},
		"a key that a life has not":     {`"mine": {"lief": "lives/mine/life.json"}`, nil, `FOLDER/target.json:2: /lives/mine/lief: the key is not known`},
		"payment, twice over":           {`"payment": {}}, "subject": {"command": ["x"]}, "state": {"command": ["x"]}, "headers": {`, nil, `FOLDER/target.json:2: /lives/payment: lives.payment and subject, state, ignore or unhandled at the top are the same; keep one of them`},
		"what is ignored, and of which": {mineLife + `}, "unhandled": ["a.b"], "headers": {`, nil, `FOLDER/target.json:2: /unhandled: ignore and unhandled at the top are the payment life's, which the file does not have; put them into the life that they are about`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := withLives(t, row.lives, row.change)
			_, err := Load(path, nil)
			require.ErrorContains(t, err, strings.ReplaceAll(row.want, "FOLDER", filepath.ToSlash(filepath.Dir(path))))
			require.NotContains(t, err.Error(), "\n", "one sentence")
		})
	}
}

// Files are named as whoever runs hookproof can open them.
func TestLivesAreNamedFromHere(t *testing.T) {
	path := withLives(t, mineLife, func(folder string) { require.NoError(t, os.Remove(filepath.Join(folder, "life.json"))) })
	t.Chdir(filepath.Dir(filepath.Dir(path)))
	_, err := Load(filepath.Join(filepath.Base(filepath.Dir(path)), "target.json"), nil)
	require.EqualError(t, err, "001/target.json:2: /lives/mine/life: there is no file 001/lives/mine/life.json")
}

// A life of one's own asks for what it invents, by its own names.
func TestWhatIsInventedIsTheLifes(t *testing.T) {
	t.Parallel()
	url, _ := orderAPI(t)
	path := withLives(t, strings.ReplaceAll(`"mine": {"life": "lives/mine/life.json", "subject": {"http": {"url": "URL/orders", "body": {"reference": "{{new.invoice}}"}}, "pick": {"invoice": "/id", "metadata.order": "/session"}},
		"state": {"http": {"url": "URL/orders/{{invoice}}"}}}`, "URL", url), nil)
	read, err := Load(path, nil)
	require.NoError(t, err)
	all, err := read.ByLife(nil)
	require.NoError(t, err)
	s, err := all[0].NewSubject(t.Context())
	require.NoError(t, err)
	require.Regexp(t, `^in_[0-9a-f]{24}$`, s.Text("invoice"))
	_, _, err = all[0].Announced(t.Context())
	require.ErrorContains(t, err, "the target itself invents metadata.order, so no event can be sent before the object is made; let the `subject` hook make it from {{new.id}}, {{new.customer}} or {{new.invoice}}")
	require.Equal(t, "a `subject` hook with {{new.id}}, {{new.customer}} or {{new.invoice}}", all[0].Needed("announce"))
	require.Equal(t, "a `subject` hook with {{new.id}}, {{new.sessionId}} or {{new.paymentIntent}}", (&Target{}).Needed("announce"))
}
