package message

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// DKIM signs mails for a domain (RFC 6376, rsa-sha256). It is safe for
// concurrent use, and gives one mail the same signature each time.
type DKIM struct {
	domain, selector string
	key              *rsa.PrivateKey
}

// ErrDKIM is what NewDKIM refuses.
var ErrDKIM = errors.New("not a DKIM domain, selector and RSA key of 2048 bits or more")

var dnsName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$`)

// NewDKIM reads a private key in PEM, PKCS #1 or #8.
func NewDKIM(domain, selector string, key []byte) (*DKIM, error) {
	block, _ := pem.Decode(key)
	if block == nil || !dnsName.MatchString(domain) || !dnsName.MatchString(selector) {
		return nil, ErrDKIM
	}
	private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		other, errOther := x509.ParsePKCS8PrivateKey(block.Bytes)
		if errOther != nil {
			return nil, fmt.Errorf("%w: %w", ErrDKIM, errOther)
		}
		ok := false
		if private, ok = other.(*rsa.PrivateKey); !ok {
			return nil, ErrDKIM
		}
	}
	if private.N.BitLen() < 2048 {
		return nil, ErrDKIM
	}
	return &DKIM{domain, selector, private}, nil
}

// maxSignature is about the length of a DKIM-Signature with a key of 4096
// bits; a longer one costs a copy of the mail.
const maxSignature = 1500

// signed lists the fields that a signature covers, when the mail has them.
var signed = []string{
	"From", "To", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type",
	"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Help", "List-Owner", "Feedback-ID", "Precedence",
}

// sign returns the DKIM-Signature field of a mail. The body is taken as it is
// ("simple"): it is quoted-printable without blanks at line ends, which no
// relay has a reason to touch, and so needs no second form. There is no time
// in the signature: a mail sent again is the same to the byte.
func (d *DKIM) sign(mail []byte) ([]byte, error) {
	header, body, ok := bytes.Cut(mail, []byte("\r\n\r\n"))
	if !ok {
		return nil, errors.New("sign: the mail has no body")
	}
	names, covered := make([]string, 0, len(signed)), make([]byte, 0, len(header)+maxSignature)
	for _, name := range signed {
		if value, ok := fieldOf(header, name); ok {
			names = append(names, name)
			covered = append(appendRelaxed(covered, name, value), "\r\n"...)
		}
	}
	bodyHash := sha256.Sum256(append(bytes.TrimRight(body, "\r\n"), "\r\n"...))
	value := fmt.Sprintf("v=1; a=rsa-sha256; c=relaxed/simple; d=%s; s=%s; h=%s; bh=%s; b=",
		d.domain, d.selector, strings.Join(names, ": "), base64.StdEncoding.EncodeToString(bodyHash[:]))
	sum := sha256.Sum256(appendRelaxed(covered, "DKIM-Signature", []byte(value)))
	signature, err := rsa.SignPKCS1v15(rand.Reader, d.key, crypto.SHA256, sum[:])
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	field := bytes.TrimSuffix(appendHeader(nil, "DKIM-Signature", value), []byte("\r\n"))
	for text := base64.StdEncoding.EncodeToString(signature); text != ""; {
		n := min(len(text), maxLine-1)
		field = append(append(field, "\r\n "...), text[:n]...)
		text = text[n:]
	}
	return append(field, "\r\n"...), nil
}

// fieldOf is the value of a header's field, line ends inside it included.
func fieldOf(header []byte, name string) (value []byte, ok bool) {
	for rest := header; len(rest) > 0; {
		end := endOfField(rest)
		if len(rest) > len(name) && rest[len(name)] == ':' && strings.EqualFold(string(rest[:len(name)]), name) {
			return rest[len(name)+1 : end], true
		}
		rest = bytes.TrimPrefix(rest[end:], []byte("\r\n"))
	}
	return nil, false
}

// endOfField is where the first field of a header ends: a line that begins
// with a blank belongs to the one before it.
func endOfField(header []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(header[at:], '\r')
		if i < 0 {
			return len(header)
		}
		if at += i; at+2 >= len(header) || header[at+2] != ' ' && header[at+2] != '\t' {
			return at
		}
		at += 2
	}
}

// appendRelaxed appends a field in the relaxed form of RFC 6376 §3.4.2: its
// name in lower case, its value on one line, blanks single.
func appendRelaxed(dst []byte, name string, value []byte) []byte {
	dst = append(append(dst, strings.ToLower(name)...), ':')
	for i, word := range bytes.Fields(value) {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, word...)
	}
	return dst
}
