package event

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Places are the values of a document by their JSON pointers.
type Places map[string]Span

// PlacesOf finds all values of a valid document in one reading, where Find reads it again for each.
func PlacesOf(doc []byte) Places {
	p := Places{}
	p.add(doc, "", skipSpace(doc, 0))
	return p
}

// add adds the value that begins at a byte, and all in it. It returns its end. Of two members with one name the first counts, as in Find.
func (p Places) add(doc []byte, pointer string, from int) (end int) {
	open := doc[from]
	if open != '{' && open != '[' {
		end = skipValue(doc, from)
	} else {
		i := skipSpace(doc, from+1)
		for n := 0; doc[i] != '}' && doc[i] != ']'; n++ {
			token := strconv.Itoa(n)
			if open == '{' {
				name := skipString(doc, i)
				token = memberName(doc[i:name])
				i = skipSpace(doc, skipSpace(doc, name)+1) // past the colon
			}
			below := pointer + "/" + EscapePointer(token)
			if _, twice := p[below]; twice {
				i = skipValue(doc, i)
			} else {
				i = p.add(doc, below, i)
			}
			if i = skipSpace(doc, i); doc[i] == ',' {
				i = skipSpace(doc, i+1)
			}
		}
		end = i + 1
	}
	p[pointer] = Span{from, end}
	return end
}

// At returns where a pointer leads, if there is such a place.
func (p Places) At(pointer string) (Span, bool) {
	if strings.Contains(pointer, "~") { // which a pointer can also spell ~0
		tokens := strings.Split(pointer, "/")
		for n, token := range tokens {
			tokens[n] = EscapePointer(Unescape(token))
		}
		pointer = strings.Join(tokens, "/")
	}
	at, is := p[pointer]
	return at, is
}

// Draft is a document that is edited at several places, and written once. It is as if Find and Put read and wrote all of it each time.
type Draft struct {
	doc    []byte
	places Places // of doc; nil if they are not known, and there are no edits then
	edits  []edit // in any order; none is in another
}

type edit struct {
	pointer string
	at      Span
	value   []byte
}

// NewDraft returns a draft of a valid document whose places are known. It changes neither.
func NewDraft(doc []byte, places Places) *Draft { return &Draft{doc: doc, places: places} }

// Clone returns a draft that is edited for itself.
func (d *Draft) Clone() *Draft { return &Draft{d.doc, d.places, slices.Clone(d.edits)} }

// Get returns the value at a pointer as it is now.
func (d *Draft) Get(pointer string) ([]byte, error) {
	at, edited, known := d.find(pointer)
	switch {
	case edited >= 0:
		return d.edits[edited].value, nil
	case !known && d.places != nil && strings.HasPrefix(pointer, "/"):
		return nil, ErrNoPlace
	case !known:
		found, err := Find(d.doc, pointer)
		if err != nil {
			return nil, err
		}
		at = found.Value
	}
	return d.doc[at.From:at.To], nil
}

// Put sets the value at a pointer, indented as Stripe does. A missing member is added as the first of its object.
func (d *Draft) Put(pointer string, value any) error {
	raw, err := AsStripeWrites(pointer, value)
	if err != nil {
		return err
	}
	at, edited, known := d.find(pointer)
	switch {
	case edited >= 0:
		d.edits[edited].value = raw
	case known:
		d.edits = append(d.edits, edit{pointer, at, raw})
	default:
		doc, err := setAt(d.Bytes(), pointer, raw)
		if err != nil {
			return err
		}
		*d = Draft{doc: doc}
	}
	return nil
}

// Bytes returns the document as it is now.
func (d *Draft) Bytes() []byte {
	if len(d.edits) == 0 {
		return d.doc
	}
	slices.SortFunc(d.edits, func(a, b edit) int { return cmp.Compare(a.at.From, b.at.From) })
	size := len(d.doc)
	for _, e := range d.edits {
		size += len(e.value)
	}
	out, from := make([]byte, 0, size), 0
	for _, e := range d.edits {
		out = append(append(out, d.doc[from:e.at.From]...), e.value...)
		from = e.at.To
	}
	return append(out, d.doc[from:]...)
}

// find returns where a pointer leads in doc, and the edit of that very value, or -1. A place in a value that was set, or around one, is known
// only when the document is written: then places is nil.
func (d *Draft) find(pointer string) (at Span, edited int, known bool) {
	at, known = d.places.At(pointer)
	for n, e := range d.edits {
		switch {
		case known && at == e.at:
			return at, n, true
		case known && at.From < e.at.To && e.at.From < at.To, !known && strings.HasPrefix(pointer, e.pointer+"/"):
			*d = Draft{doc: d.Bytes()}
			return Span{}, -1, false
		}
	}
	return at, -1, known
}
