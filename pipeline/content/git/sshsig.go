package git

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"golang.org/x/crypto/ssh"
)

// A signature by an SSH key, as OpenSSH's PROTOCOL.sshsig defines it.
type sshSignature struct {
	Magic     [6]byte
	Version   uint32
	Key       []byte
	Namespace string
	Reserved  string
	Hash      string
	Signature []byte
}

// sshSigned is what such a signature is over.
type sshSigned struct {
	Magic     [6]byte
	Namespace string
	Reserved  string
	Hash      string
	Digest    []byte
}

const (
	sshArmor  = "SSH SIGNATURE"
	namespace = "git"
)

var sshMagic = [6]byte([]byte("SSHSIG"))

// keyTypes are those of OpenSSH, without DSA and without certificates.
var keyTypes = []string{
	ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519, ssh.KeyAlgoRSA,
	ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKECDSA256,
}

// signedBySSH reports whether a commit bears a signature by an SSH key.
func signedBySSH(c *object.Commit) bool {
	block, _ := pem.Decode([]byte(c.PGPSignature))
	return block != nil && block.Type == sshArmor
}

// verifySSH says why a commit is not signed by any of the signers. Whether a
// key is valid is asked for the time that the commit tells, as git does.
func verifySSH(c *object.Commit, signers []signer) error {
	s, err := parseSSHSignature(c.PGPSignature)
	if err != nil {
		return err
	}
	key, err := ssh.ParsePublicKey(s.Key)
	if err != nil {
		return err
	}
	if !slices.Contains(keyTypes, key.Type()) {
		return fmt.Errorf("keys of type %s are not known here", key.Type())
	}
	text, err := payload(c)
	if err != nil {
		return err
	}
	if err := s.verify(key, text); err != nil {
		return err
	}
	return allowed(signers, key, c.Committer.Email, c.Committer.When)
}

func parseSSHSignature(armored string) (s sshSignature, err error) {
	block, rest := pem.Decode([]byte(armored))
	if block == nil || block.Type != sshArmor || len(bytes.TrimSpace(rest)) > 0 {
		return s, errors.New("not one SSH signature")
	}
	if err := ssh.Unmarshal(block.Bytes, &s); err != nil {
		return s, err
	}
	switch {
	case s.Magic != sshMagic || s.Version != 1:
		return s, errors.New("not an SSH signature of version 1")
	case s.Namespace != namespace:
		return s, fmt.Errorf("a signature for %q, not for %q", s.Namespace, namespace)
	}
	return s, nil
}

// verify says why the signature is not one of text by the key.
func (s sshSignature) verify(key ssh.PublicKey, text []byte) error {
	var digest []byte
	switch s.Hash {
	case "sha256":
		sum := sha256.Sum256(text)
		digest = sum[:]
	case "sha512":
		sum := sha512.Sum512(text)
		digest = sum[:]
	default:
		return fmt.Errorf("the hash %q is not one of sha256, sha512", s.Hash)
	}
	var signature ssh.Signature
	if err := ssh.Unmarshal(s.Signature, &signature); err != nil {
		return err
	}
	if signature.Format == ssh.KeyAlgoRSA { // the key's name is that of its signatures with SHA-1
		return errors.New("an RSA signature with SHA-1")
	}
	return key.Verify(ssh.Marshal(sshSigned{s.Magic, s.Namespace, s.Reserved, s.Hash, digest}), &signature)
}

// payload is the commit as it was before it was signed, to the byte.
func payload(c *object.Commit) ([]byte, error) {
	o := &plumbing.MemoryObject{}
	if err := c.EncodeWithoutSignature(o); err != nil {
		return nil, err
	}
	r, err := o.Reader()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
