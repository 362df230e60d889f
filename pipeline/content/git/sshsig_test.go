package git

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// pen signs as ssh-keygen does, or as it must not be done.
type pen struct {
	key       ssh.Signer
	algorithm string // of the key; "": its own
	namespace string
	hash      string
	slip      string // what is signed beside the commit
}

func (p pen) Sign(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	text = append(text, p.slip...)
	var digest []byte
	switch p.hash {
	case "sha256":
		sum := sha256.Sum256(text)
		digest = sum[:]
	default:
		sum := sha512.Sum512(text)
		digest = sum[:]
	}
	signature, err := p.key.(ssh.AlgorithmSigner).SignWithAlgorithm(rand.Reader, ssh.Marshal(sshSigned{sshMagic, p.namespace, "", p.hash, digest}), p.algorithm)
	if err != nil {
		return nil, err
	}
	blob := ssh.Marshal(sshSignature{sshMagic, 1, p.key.PublicKey().Marshal(), p.namespace, "", p.hash, ssh.Marshal(signature)})
	return pem.EncodeToMemory(&pem.Block{Type: sshArmor, Bytes: blob}), nil
}

// newPen makes a key, and the line that allows it to sign.
func newPen(t *testing.T, private crypto.Signer, err error) (p pen, public string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	p = pen{namespace: "git", hash: "sha512"}
	if p.key, err = ssh.NewSignerFromSigner(private); err != nil {
		t.Fatal(err)
	}
	return p, string(ssh.MarshalAuthorizedKey(p.key.PublicKey()))
}

func newEd25519(t *testing.T) (pen, string) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return newPen(t, private, err)
}

func TestMirrorWantsSSHSignatures(t *testing.T) {
	a := newAuthor(t)
	zoe, zoeKey := newEd25519(t)
	mallory, malloryKey := newEd25519(t)
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	rsa, rsaKey := newPen(t, private, err)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ecdsa, ecdsaKey := newPen(t, curve, err)

	with := func(p pen, change func(*pen)) pen {
		change(&p)
		return p
	}
	sha1 := with(rsa, func(p *pen) { p.algorithm = ssh.KeyAlgoRSA })
	for name, c := range map[string]struct {
		pen     pen
		signers string
		want    string // in the error; "": none
	}{
		"Ed25519":           {zoe, "# l’équipe\n\nzoe@example.org " + zoeKey, ""},
		"with SHA-256":      {with(zoe, func(p *pen) { p.hash = "sha256" }), "zoe@example.org " + zoeKey, ""},
		"ECDSA":             {ecdsa, "*@example.org " + ecdsaKey, ""},
		"RSA, SHA-512":      {with(rsa, func(p *pen) { p.algorithm = ssh.KeyAlgoRSASHA512 }), "* " + rsaKey, ""},
		"RSA, SHA-256":      {with(rsa, func(p *pen) { p.algorithm = ssh.KeyAlgoRSASHA256 }), "* " + rsaKey, ""},
		"RSA, SHA-1":        {sha1, "* " + rsaKey, "RSA signature with SHA-1"},
		"another hash":      {with(zoe, func(p *pen) { p.hash = "sha1" }), "* " + zoeKey, `the hash "sha1"`},
		"another purpose":   {with(zoe, func(p *pen) { p.namespace = "file" }), "* " + zoeKey, `a signature for "file"`},
		"another commit":    {with(zoe, func(p *pen) { p.slip = "!" }), "* " + zoeKey, "signature"},
		"another's":         {mallory, "* " + zoeKey, "is unknown"},
		"another's address": {zoe, "mallory@example.org " + zoeKey, "not allowed to sign for zoe@example.org"},
		"several addresses": {zoe, `"mallory@example.org,zoe@*" ` + zoeKey, ""},
		"excluded":          {zoe, "*,!zoe@example.org " + zoeKey, "not allowed to sign for zoe@example.org"},
		"a dot is a dot":    {zoe, "zoe@example?org,zoe@exampleXorg " + zoeKey, ""},
		"not for commits":   {zoe, `* namespaces="file,mail" ` + zoeKey, "not allowed to sign commits"},
		"for commits":       {zoe, `* namespaces="file,git" ` + zoeKey, ""},
		"not yet":           {zoe, `* valid-after="20270201" ` + zoeKey, "not valid before 2027-02-01"},
		"no longer":         {zoe, `* valid-before="202701140000Z" ` + zoeKey, "not valid after 2027-01-14 00:00:00"},
		"in its time":       {zoe, `* valid-after="20270114",valid-before="20270117",namespaces="git" ` + zoeKey, ""},
		"renewed":           {zoe, `* valid-before="20260101" ` + zoeKey + `* valid-after="20260101" ` + zoeKey, ""},
		"no signature":      {pen{}, "* " + malloryKey, "no signature"},
		"nobody may":        {zoe, "# personne\n", "is unknown"},
		"two lines":         {zoe, "a@b.c " + malloryKey + "zoe@example.org " + zoeKey, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a.ssh = nil
			if c.pen.key != nil {
				a.ssh = c.pen
			}
			hash := a.commit("un.md", name, false)
			m, err := NewMirror(t.TempDir(), Source{URL: a.bare, Signed: true, Signers: c.signers})
			a.must(err)
			err = m.Pull(t.Context())
			if c.want == "" && (err != nil || m.Commit() != hash) {
				t.Errorf("refused: %v", err)
			}
			if c.want != "" && (!errors.Is(err, ErrUnsigned) || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// What restricts a key is understood, or the file is refused with its line.
func TestSignersAreRefused(t *testing.T) {
	_, key := newEd25519(t)
	for _, line := range []string{
		"zoe@example.org", key, `"zoe@example.org ` + key, "zoe@example.org ssh-ed25519 AAAA", "zoe@example.org cert-authority " + key,
		"* no-touch-required " + key, `* valid-after="demain" ` + key, `* valid-after="20261301" ` + key, `* namespaces="git",namespaces="file" ` + key,
		"zoe@example.org " + key + "x",
	} {
		_, err := NewMirror(t.TempDir(), Source{Signed: true, Signers: "# un\n" + line})
		if err == nil || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// git and ssh-keygen themselves sign.
func TestMirrorReadsGitsOwnSignatures(t *testing.T) {
	for _, tool := range []string{"git", "ssh-keygen"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
	for _, kind := range []string{"ed25519", "ecdsa", "rsa"} {
		t.Run(kind, func(t *testing.T) {
			a := newAuthor(t)
			a.commit("un.md", "Un", false)
			key := filepath.Join(t.TempDir(), "key")
			run := func(name string, args ...string) {
				t.Helper()
				command := exec.Command(name, args...)
				command.Dir = a.clone
				command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
				if out, err := command.CombinedOutput(); err != nil {
					t.Fatalf("%s %v: %v: %s", name, args, err, out)
				}
			}
			run("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", key)
			run("git", "-c", "gpg.format=ssh", "-c", "user.signingkey="+key, "-c", "user.name=Zoé", "-c", "user.email=zoe@example.org",
				"commit", "--quiet", "--allow-empty", "-S", "-m", "Signé")
			run("git", "push", "--quiet", "origin", "HEAD:main")
			public, err := os.ReadFile(key + ".pub")
			a.must(err)
			m, err := NewMirror(t.TempDir(), Source{URL: a.bare, Signed: true, Signers: "zoe@example.org " + string(public)})
			a.must(err)
			a.must(m.Pull(t.Context()))
		})
	}
}
