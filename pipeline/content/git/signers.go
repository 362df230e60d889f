package git

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// signer is a line of a file like git's gpg.ssh.allowedSignersFile, whose form
// is told under «ALLOWED SIGNERS» in ssh-keygen(1).
type signer struct {
	principals    patterns // for whose commits, by their e-mail address, the key may sign
	namespaces    patterns // nil: any
	after, before time.Time
	key           ssh.PublicKey
}

func parseSigners(text string) (all []signer, err error) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		if line = strings.TrimSpace(strings.ReplaceAll(line, "\t", " ")); line == "" || line[0] == '#' {
			continue
		}
		s, err := parseSigner(line)
		if err != nil {
			return nil, fmt.Errorf("allowed signers, line %d: %w", number, err)
		}
		all = append(all, s)
	}
	return all, nil
}

func parseSigner(line string) (s signer, err error) {
	principals, rest, ok := strings.Cut(line, " ")
	if line[0] == '"' {
		principals, rest, ok = strings.Cut(line[1:], `"`)
	}
	if !ok {
		return s, errors.New("principals, then a public key are wanted")
	}
	s.principals = strings.Split(strings.ToLower(principals), ",")
	// What follows is written as in authorized_keys.
	key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(rest))
	if err != nil {
		return s, err
	}
	if !slices.Contains(keyTypes, key.Type()) {
		return s, fmt.Errorf("keys of type %s are not known here", key.Type())
	}
	s.key = key
	for _, option := range options {
		if err := s.restrict(option); err != nil {
			return s, fmt.Errorf("%s: %w", option, err)
		}
	}
	return s, nil
}

// restrict heeds an option. One that is not understood, or given twice, is
// refused: what restricts a key must not be passed over.
func (s *signer) restrict(option string) (err error) {
	name, value, _ := strings.Cut(option, "=")
	name, value = strings.ToLower(name), strings.Trim(value, `"`)
	switch {
	case name == "namespaces" && s.namespaces == nil:
		s.namespaces = strings.Split(value, ",")
	case name == "valid-after" && s.after.IsZero():
		s.after, err = parseTime(value)
	case name == "valid-before" && s.before.IsZero():
		s.before, err = parseTime(value)
	default:
		err = errors.New("is not understood here")
	}
	return err
}

// parseTime reads a time as ssh-keygen does: of this machine's zone, without a Z.
func parseTime(text string) (time.Time, error) {
	zone := time.Local
	digits, utc := strings.CutSuffix(text, "Z")
	if utc {
		zone = time.UTC
	}
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if len(digits) == len(layout) {
			return time.ParseInLocation(layout, digits, zone)
		}
	}
	return time.Time{}, errors.New("a time is written YYYYMMDD[HHMM[SS]][Z]")
}

// allows says why the key may not sign for somebody at a moment.
func (s signer) allows(email string, at time.Time) error {
	switch {
	case !s.principals.match(strings.ToLower(email)):
		return fmt.Errorf("the key is not allowed to sign for %s", email)
	case s.namespaces != nil && !s.namespaces.match(namespace):
		return errors.New("the key is not allowed to sign commits")
	case !s.after.IsZero() && at.Before(s.after):
		return fmt.Errorf("the key is not valid before %s", s.after.Format(time.DateTime))
	case !s.before.IsZero() && at.After(s.before):
		return fmt.Errorf("the key is not valid after %s", s.before.Format(time.DateTime))
	}
	return nil
}

// allowed says why none of the signers' lines lets a key sign.
func allowed(signers []signer, key ssh.PublicKey, email string, at time.Time) error {
	err := fmt.Errorf("the key %s is unknown", ssh.FingerprintSHA256(key))
	for _, s := range signers {
		if !bytes.Equal(s.key.Marshal(), key.Marshal()) {
			continue
		}
		if err = s.allows(email, at); err == nil {
			return nil
		}
	}
	return err
}

// patterns is a list as in ssh_config(5): * stands for any text, ? for one
// sign, and a ! before a pattern excludes.
type patterns []string

var wildcards = strings.NewReplacer(`\*`, `.*`, `\?`, `.`)

func (p patterns) match(text string) (matches bool) {
	for _, pattern := range p {
		pattern, excludes := strings.CutPrefix(pattern, "!")
		like := regexp.MustCompile(`(?s)^` + wildcards.Replace(regexp.QuoteMeta(pattern)) + `$`)
		if !like.MatchString(text) {
			continue
		}
		if excludes {
			return false
		}
		matches = true
	}
	return matches
}
