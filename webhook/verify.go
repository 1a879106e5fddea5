package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"
	"strings"
	"sync"
	"time"
)

// verify answers "" when the header is a signature of these very bytes by any current secret, made no
// further than the tolerance from now, and the reason to refuse them otherwise.
//
// stripe-go verifies, too, and a test compares us with it. It is not used here because it allocates for
// each secret, which makes forgeries dearer than they need be; its age check knows no future and counts
// fractions of a second, of which t has none.
func (h *Handler) verify(body []byte, header string) Reason {
	if header == "" {
		return SignatureMissing
	}
	var t int64
	timed := false
	for pair := range strings.SplitSeq(header, ",") {
		key, value, found := strings.Cut(pair, "=")
		if !found || strings.Contains(value, "=") {
			return SignatureMalformed
		}
		if key == "t" { // the last one, should there be several
			var err error
			if t, err = strconv.ParseInt(value, 10, 64); err != nil {
				return SignatureMalformed
			}
			timed = true
		}
	}
	for _, s := range h.secrets {
		if timed && s.signed(t, body, header) {
			return h.inTolerance(t)
		}
	}
	return SignatureMismatch
}

// inTolerance compares the time that was signed with ours, in whole seconds.
func (h *Handler) inTolerance(t int64) Reason {
	tolerance := int64(h.config.Tolerance / time.Second)
	switch now := h.config.Now().Unix(); { // t is anything, and a difference from it can overflow
	case t < now-tolerance:
		return SignatureStale
	case t > now+tolerance:
		return SignatureFuture
	}
	return ""
}

// secret checks signatures made with it. What is costly to make, it keeps for the next body.
type secret struct{ macs sync.Pool }

// mac is HMAC-SHA256 with a key, and room for what it is compared with.
type mac struct {
	hash.Hash
	digits    [2 * sha256.Size]byte
	got, want [sha256.Size]byte
}

// newSecrets leaves out what is blank: anybody can sign with an empty key.
func newSecrets(texts []string) (list []*secret) {
	for _, text := range texts {
		if strings.TrimSpace(text) != "" {
			list = append(list, &secret{sync.Pool{New: func() any { return &mac{Hash: hmac.New(sha256.New, []byte(text))} }}})
		}
	}
	return list
}

// signed tells whether one of the header's v1 entries is HMAC-SHA256 of "<t>.<body>", in hex.
// https://docs.stripe.com/webhooks#verify-manually
func (s *secret) signed(t int64, body []byte, header string) bool {
	m := s.macs.Get().(*mac)
	defer s.macs.Put(m)
	m.Reset()
	_, _ = m.Write(append(strconv.AppendInt(m.digits[:0], t, 10), '.'))
	_, _ = m.Write(body)
	m.Sum(m.want[:0])
	for pair := range strings.SplitSeq(header, ",") {
		value, is := strings.CutPrefix(pair, "v1=")
		if !is || len(value) != len(m.digits) {
			continue
		}
		copy(m.digits[:], value)
		if _, err := hex.Decode(m.got[:], m.digits[:]); err == nil && hmac.Equal(m.got[:], m.want[:]) {
			return true
		}
	}
	return false
}
