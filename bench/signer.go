package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"
)

// signer makes Stripe-Signature headers. One goroutine may use it. It reuses its HMAC and its buffers, so a header is valid only
// until the next call of sign.
type signer struct {
	mac    hash.Hash
	sum    []byte
	header []byte
}

func newSigner(secret string) *signer { return &signer{mac: hmac.New(sha256.New, []byte(secret))} }

func (s *signer) sign(unix int64, body []byte) []byte {
	s.header = strconv.AppendInt(append(s.header[:0], "t="...), unix, 10)
	s.mac.Reset()
	s.mac.Write(s.header[len("t="):])
	s.mac.Write([]byte{'.'})
	s.mac.Write(body)
	s.sum = s.mac.Sum(s.sum[:0])
	s.header = hex.AppendEncode(append(s.header, ",v1="...), s.sum)
	return s.header
}
