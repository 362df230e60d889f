package audience

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"
	"sync"
)

// Keys sign the tokens in links. The first is current; the others are retired
// and only verify, so that a link in an old mail works for ever.
type Keys struct {
	list string // the newsletter's id: a token of one newsletter is none of another's
	keys []key
}

type key struct {
	id     [4]byte
	secret []byte
	macs   *sync.Pool // of HMACs that have taken in the secret: each mail has a token
}

func newKey(id [4]byte, secret []byte) key {
	return key{id, secret, &sync.Pool{New: func() any { return hmac.New(sha256.New, secret) }}}
}

// Purpose is what a token is good for; a token serves one purpose only.
type Purpose string

// Purposes of tokens.
const (
	Unsubscribe Purpose = "unsubscribe"
	Preferences Purpose = "preferences"
	Approve     Purpose = "approve" // of the team: lets an issue go
	Stop        Purpose = "stop"    // of the team: keeps it back
	Renew       Purpose = "renew"   // the link in a mail that asks whether they want to stay
)

// ErrKeys is what ParseKeys refuses.
var ErrKeys = errors.New("not a key file")

const (
	secretSize = 32
	macSize    = 16 // of HMAC-SHA256's 32 bytes: 128 bits, and a token without padding
)

// NewKey draws a key, as one line of a key file.
func NewKey() string {
	var b [4 + secretSize]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:4]) + ":" + base64.StdEncoding.EncodeToString(b[4:])
}

// ParseKeys reads a key file: a line «id:secret» per key, the current one
// first; empty lines and those beginning with # are passed over.
func ParseKeys(list, text string) (*Keys, error) {
	k := &Keys{list: list}
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		id, secret, _ := strings.Cut(line, ":")
		idBytes, errID := hex.DecodeString(id)
		secretBytes, errSecret := base64.StdEncoding.DecodeString(secret)
		if errID != nil || errSecret != nil || len(idBytes) != 4 || len(secretBytes) < secretSize {
			return nil, fmt.Errorf("line %d: %w", n+1, ErrKeys)
		}
		k.keys = append(k.keys, newKey([4]byte(idBytes), secretBytes))
	}
	if len(k.keys) == 0 {
		return nil, fmt.Errorf("no key in it: %w", ErrKeys)
	}
	return k, nil
}

// AddressHash stands for an address that is forgotten and must not come back.
type AddressHash struct {
	Key  string // names the key it was made with
	Hash string // HMAC-SHA256, hexadecimal
}

// Hashes returns the address's hash under each key, the current one first. A
// retired key must stay in the key file as long as hashes made with it.
func (k *Keys) Hashes(a Address) []AddressHash {
	all := make([]AddressHash, 0, len(k.keys))
	for _, candidate := range k.keys {
		h := hmac.New(sha256.New, candidate.secret)
		fmt.Fprintf(h, "address\x00%s\x00%s", k.list, a.Key())
		all = append(all, AddressHash{hex.EncodeToString(candidate.id[:]), hex.EncodeToString(h.Sum(nil))})
	}
	return all
}

// Current names the key that signs new tokens.
func (k *Keys) Current() string { return hex.EncodeToString(k.keys[0].id[:]) }

// Signer returns the key of that name, so that a mail sent again after a
// rotation is the same to the byte.
func (k *Keys) Signer(id string) (Signer, error) {
	for _, candidate := range k.keys {
		if hex.EncodeToString(candidate.id[:]) == id {
			return Signer{k.list, candidate}, nil
		}
	}
	return Signer{}, fmt.Errorf("key %s is not in the key file", id)
}

// Signer makes tokens with one key.
type Signer struct {
	list string
	key  key
}

// Token is base64url, 48 characters: the key's id, the subscriber's, and the
// MAC over purpose, list, subscriber and key id. It never expires.
func (s Signer) Token(p Purpose, id ID) string { return string(s.AppendToken(nil, p, id)) }

// AppendToken appends what Token returns.
func (s Signer) AppendToken(dst []byte, p Purpose, id ID) []byte {
	var b [4 + len(id) + macSize]byte
	n := copy(b[:], s.key.id[:])
	n += copy(b[n:], id[:])
	mac := s.mac(p, id)
	copy(b[n:], mac[:macSize])
	return base64.RawURLEncoding.AppendEncode(dst, b[:])
}

func (s Signer) mac(p Purpose, id ID) (sum [sha256.Size]byte) {
	h := s.key.macs.Get().(hash.Hash)
	defer s.key.macs.Put(h)
	h.Reset()
	var room [128]byte
	signed := append(append(append(append(room[:0], p...), 0), s.list...), 0)
	signed = append(append(signed, id[:]...), s.key.id[:]...)
	h.Write(signed)
	h.Sum(sum[:0])
	return sum
}

// Verify returns the subscriber for whom the token was made.
func (k *Keys) Verify(p Purpose, token string) (ID, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != 4+16+macSize {
		return ID{}, false
	}
	id := ID(b[4:20])
	for _, candidate := range k.keys {
		if [4]byte(b[:4]) == candidate.id {
			mac := Signer{k.list, candidate}.mac(p, id)
			return id, hmac.Equal(b[20:], mac[:macSize])
		}
	}
	return ID{}, false
}
