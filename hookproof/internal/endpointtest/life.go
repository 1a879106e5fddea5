package endpointtest

import (
	"fmt"
	"io/fs"
	"testing/fstest"
)

// InvoiceLife is a life that is not built in: an invoice that is sent and paid, or voided.
const InvoiceLife = `{
	"names":   {"invoice": {"prefix": "in_"}, "charge": {"prefix": "ch_", "of": "invoice"}, "customer": {"prefix": "cus_"}, "amount": {"default": 4900}, "currency": {"default": "usd", "other": "sek"}},
	"bind":    {"/data/object/id": "invoice", "/data/object/customer": "customer", "/data/object/amount_due": "amount", "/data/object/metadata": "metadata.*"},
	"words":   {"sent":    {"event": "invoice.sent.json", "at": 0, "says": "the invoice is sent"},
	            "settled": {"event": "invoice.paid.json", "at": 60, "says": "the invoice is paid", "with": {"/data/object/status": "paid"}},
	            "part":    {"event": "invoice.paid.json", "at": 60, "says": "a third is paid", "with": {"/data/object/amount_due": {"percent": 33}, "/data/object/currency": {"other": "currency"}, "/data/object/charge": {"subject": "charge"}}, "bind": {"/data/object/customer": "invoice"}},
	            "void":    {"event": "invoice.voided.json", "at": 90, "says": "the invoice is voided", "instead": ["settled"]}},
	"phrases": {"bought": ["sent", "settled"]},
	"roles":   {"grants": "bought", "ends": ["void"], "late": ["sent"], "notYet": ["sent"], "together": [["sent", "settled"]]}}`

// LifeFolder is a folder with a life.json and the invoices' events.
func LifeFolder(text string) fs.FS {
	files := fstest.MapFS{"life.json": {Data: []byte(text)}}
	for _, name := range []string{"sent", "paid", "voided"} {
		files["2023-10-16/invoice."+name+".json"] = &fstest.MapFile{Data: fmt.Appendf(nil, `{"id": "evt_1", "object": "event", "api_version": "2023-10-16", "created": 1700000000, "livemode": false, "pending_webhooks": 1, "request": null, "type": "invoice.%s",
  "data": {"object": {"id": "in_1", "object": "invoice", "customer": "cus_1", "customer_name": "Jenny", "amount_due": 4900, "currency": "usd", "charge": null, "status": "open", "livemode": false, "metadata": {}}}}`, name)}
	}
	return files
}
