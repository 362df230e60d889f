package audience

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"
)

// Purposes of tokens that lose their worth with age; see Signer.TokenAt.
const (
	Confirm Purpose = "confirm" // the link in a confirmation mail
	Served  Purpose = "served"  // when a form was served; it names nobody
)

const timeSize = 6 // bytes of unix seconds: enough for eight million years, and a token without padding

// TokenAt is a token that tells when it was made: base64url, 56 characters,
// the key's id, the subscriber's, the second, and the MAC over them, purpose
// and list.
func (s Signer) TokenAt(p Purpose, id ID, at time.Time) string {
	b := append(s.key.id[:], id[:]...)
	seconds := uint64(max(at.Unix(), 0))
	for shift := 8 * (timeSize - 1); shift >= 0; shift -= 8 {
		b = append(b, byte(seconds>>shift))
	}
	return base64.RawURLEncoding.EncodeToString(append(b, s.macAt(p, b)...))
}

// macAt covers all that stands before it. Its own prefix keeps a token with a
// time from being read as one without.
func (s Signer) macAt(p Purpose, signed []byte) []byte {
	h := hmac.New(sha256.New, s.key.secret)
	fmt.Fprintf(h, "at\x00%s\x00%s\x00", p, s.list)
	h.Write(signed)
	return h.Sum(nil)[:macSize]
}

// VerifyAt returns for whom and when a token of TokenAt was made; whether it
// is too old is the caller's to say.
func (k *Keys) VerifyAt(p Purpose, token string) (id ID, at time.Time, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != 4+len(id)+timeSize+macSize {
		return ID{}, time.Time{}, false
	}
	signed, mac := b[:len(b)-macSize], b[len(b)-macSize:]
	for _, candidate := range k.keys {
		if [4]byte(b[:4]) != candidate.id || !hmac.Equal(mac, Signer{k.list, candidate}.macAt(p, signed)) {
			continue
		}
		var seconds int64
		for _, c := range signed[4+len(id):] {
			seconds = seconds<<8 | int64(c)
		}
		return ID(signed[4 : 4+len(id)]), time.Unix(seconds, 0).UTC(), true
	}
	return ID{}, time.Time{}, false
}
