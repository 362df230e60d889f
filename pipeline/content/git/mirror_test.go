package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/google/go-cmp/cmp"

	"github.com/infolettre/infolettre/pipeline/content"
)

// author is somebody with a clone of a bare repository.
type author struct {
	*testing.T
	bare, clone string
	repository  *gogit.Repository
	signer      *openpgp.Entity
	ssh         gogit.Signer
}

func newAuthor(t *testing.T) *author {
	a := &author{T: t, bare: filepath.Join(t.TempDir(), "lettre.git"), clone: t.TempDir()}
	if _, err := gogit.PlainInitWithOptions(a.bare, &gogit.PlainInitOptions{Bare: true, InitOptions: gogit.InitOptions{DefaultBranch: "refs/heads/main"}}); err != nil {
		t.Fatal(err)
	}
	var err error
	a.repository, err = gogit.PlainInitWithOptions(a.clone, &gogit.PlainInitOptions{InitOptions: gogit.InitOptions{DefaultBranch: "refs/heads/main"}})
	a.must(err)
	_, err = a.repository.CreateRemote(&config.RemoteConfig{Name: "origin", URLs: []string{a.bare}})
	a.must(err)
	return a
}

func (a *author) must(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

// commit writes a file and pushes it; force rewrites the branch.
func (a *author) commit(name, text string, force bool) string {
	a.Helper()
	path := filepath.Join(a.clone, name)
	a.must(os.MkdirAll(filepath.Dir(path), 0o755))
	a.must(os.WriteFile(path, []byte(text), 0o644))
	tree, err := a.repository.Worktree()
	a.must(err)
	_, err = tree.Add(name)
	a.must(err)
	hash, err := tree.Commit("Billet", &gogit.CommitOptions{
		Author: &object.Signature{Name: "Zoé", Email: "zoe@example.org", When: time.Unix(1_800_000_000, 0)}, SignKey: a.signer, Signer: a.ssh, Amend: force,
	})
	a.must(err)
	a.must(a.repository.Push(&gogit.PushOptions{RemoteName: "origin", Force: force}))
	return hash.String()
}

func read(t *testing.T, m *Mirror, name string) string {
	t.Helper()
	data, err := fs.ReadFile(m, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestMirror(t *testing.T) {
	a := newAuthor(t)
	dir := t.TempDir()
	source := Source{URL: a.bare, Folder: "content"}
	m, err := NewMirror(dir, source)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Open("."); !errors.Is(err, ErrNothing) {
		t.Errorf("before the first pull: %v", err)
	}
	if err := m.Pull(t.Context()); !errors.Is(err, ErrUnreachable) {
		t.Errorf("an empty repository: %v", err)
	}
	first := a.commit("content/un.fr.md", "Un", false)
	a.commit("README.md", "Dehors", false)
	if err := m.Pull(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := read(t, m, "un.fr.md"); got != "Un" {
		t.Errorf("got %q", got)
	}
	if _, err := m.Open("README.md"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("outside the folder: %v", err)
	}
	second := a.commit("content/images/deux.png", "image", false)
	a.must(m.Pull(t.Context()))
	if m.Commit() != second || second == first {
		t.Errorf("commit %s, want %s", m.Commit(), second)
	}
	if err := fstest.TestFS(m, "un.fr.md", "images/deux.png"); err != nil {
		t.Error(err)
	}

	// A branch that was rewritten is not followed, also after a restart.
	a.commit("content/un.fr.md", "Réécrit", true)
	if err := m.Pull(t.Context()); !errors.Is(err, ErrDiverged) {
		t.Errorf("a rewritten branch: %v", err)
	}
	again, err := NewMirror(dir, source)
	a.must(err)
	if err := again.Pull(t.Context()); !errors.Is(err, ErrDiverged) || again.Commit() != second || read(t, again, "un.fr.md") != "Un" {
		t.Errorf("a rewritten branch after a restart: %v, %s", err, again.Commit())
	}

	// Nor is one that cannot be reached.
	a.must(os.Rename(a.bare, a.bare+".away"))
	if err := again.Pull(t.Context()); !errors.Is(err, ErrUnreachable) || read(t, again, "un.fr.md") != "Un" {
		t.Errorf("an unreachable repository: %v", err)
	}
	a.must(os.Rename(a.bare+".away", a.bare))

	// Unless a person says so, which goes for all who read this copy.
	a.must(again.Forget())
	for _, m := range []*Mirror{again, m} {
		a.must(m.Pull(t.Context()))
		if got := read(t, m, "un.fr.md"); got != "Réécrit" {
			t.Errorf("got %q", got)
		}
	}
}

// A server that takes its time keeps no reader of the copy waiting.
func TestMirrorIsReadDuringAPull(t *testing.T) {
	a := newAuthor(t)
	a.commit("un.md", "Un", false)
	m, err := NewMirror(t.TempDir(), Source{URL: a.bare})
	a.must(err)
	a.must(m.Pull(t.Context()))
	server, err := net.Listen("tcp", "127.0.0.1:0") // says nothing to who calls
	a.must(err)
	defer server.Close()
	m.source.URL = "http://" + server.Addr().String() + "/lettre.git"
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- m.Pull(ctx) }()
	called, err := server.Accept()
	a.must(err)
	defer called.Close()
	if got := read(t, m, "un.md"); got != "Un" {
		t.Errorf("got %q", got)
	}
	select {
	case err := <-ended:
		t.Errorf("the copy was read only when the pull had ended: %v", err)
	default:
		cancel()
		if err := <-ended; !errors.Is(err, ErrUnreachable) {
			t.Errorf("the pull ends with %v", err)
		}
	}
}

// Many read while others push and pull.
func TestMirrorConcurrent(t *testing.T) {
	a := newAuthor(t)
	a.commit("un.md", "Un", false)
	dir := t.TempDir()
	var mirrors []*Mirror // two processes on one copy
	for range 2 {
		m, err := NewMirror(dir, Source{URL: a.bare})
		a.must(err)
		a.must(m.Pull(t.Context()))
		mirrors = append(mirrors, m)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for i := range 4 {
		readers.Go(func() {
			for ctx.Err() == nil {
				if text, err := fs.ReadFile(mirrors[i%2], "un.md"); string(text) != "Un" {
					t.Errorf("got %q, %v", text, err)
				}
			}
		})
	}
	for i := range 5 {
		name := fmt.Sprintf("images/%d.png", i)
		a.commit(name, name, false)
		for _, m := range mirrors {
			a.must(m.Pull(t.Context()))
			if got := read(t, m, name); got != name {
				t.Errorf("got %q", got)
			}
		}
	}
	cancel()
	readers.Wait()
}

func TestMirrorWantsSignatures(t *testing.T) {
	a := newAuthor(t)
	entity := func(name string) (*openpgp.Entity, string) {
		e, err := openpgp.NewEntity(name, "", "x@example.org", nil)
		a.must(err)
		var b strings.Builder
		w, err := armor.Encode(&b, openpgp.PublicKeyType, nil)
		a.must(err)
		a.must(e.Serialize(w))
		a.must(w.Close())
		return e, b.String()
	}
	zoe, keys := entity("Zoé")
	mallory, _ := entity("Mallory")
	m, err := NewMirror(t.TempDir(), Source{URL: a.bare, Signed: true, Keys: keys})
	a.must(err)
	a.signer = zoe
	signed := a.commit("un.md", "Un", false)
	a.must(m.Pull(t.Context()))
	for name, signer := range map[string]*openpgp.Entity{"no signature": nil, "another's": mallory} {
		a.signer = signer
		a.commit("deux.md", name, false)
		if err := m.Pull(t.Context()); !errors.Is(err, ErrUnsigned) || m.Commit() != signed {
			t.Errorf("%s: %v", name, err)
		}
	}
	a.signer = zoe
	if last := a.commit("trois.md", "Trois", false); m.Pull(t.Context()) != nil || m.Commit() != last {
		t.Errorf("signed again: at %s", m.Commit())
	}
}

// link puts a link beside the files of the next commit.
func (a *author) link(name, target string) {
	a.Helper()
	path := filepath.Join(a.clone, name)
	a.must(os.MkdirAll(filepath.Dir(path), 0o755))
	a.must(os.Symlink(target, path))
	tree, err := a.repository.Worktree()
	a.must(err)
	_, err = tree.Add(name)
	a.must(err)
}

// A link is followed as it is in a folder, which is never left.
func TestMirrorLinks(t *testing.T) {
	a := newAuthor(t)
	a.link("2026-11-19-mot.md", "/etc/hostname")
	a.link("2026-11-20-dehors.md", "../un.md")
	a.link("2026-11-21-absent.md", "textes/absent.md")
	a.link("2026-11-22-boucle.md", "2026-11-22-boucle.md")
	a.link("2026/2026-11-23-billet.md", "../textes/billet.txt")
	a.link("2026-11-24-billet.md", "2026/2026-11-23-billet.md")
	a.link("2026-11-25-dossier.md", "textes")
	a.link("dossier", "textes")
	a.link("2026-11-26-billet.md", "dossier/billet.txt")
	a.commit("textes/billet.txt", "Du texte.\n", false)
	m, err := NewMirror(t.TempDir(), Source{URL: a.bare})
	a.must(err)
	a.must(m.Pull(t.Context()))
	root, err := os.OpenRoot(a.clone)
	a.must(err)
	defer root.Close()
	told := func(fsys fs.FS) (lines []string) {
		entries, problems, err := content.Load(fsys, content.Options{})
		a.must(err)
		for _, e := range entries {
			lines = append(lines, e.Path+": "+e.Title)
		}
		for _, p := range problems {
			lines = append(lines, p.File+": "+p.ID)
		}
		return lines
	}
	want := []string{
		"2026/2026-11-23-billet.md: Du texte.", "2026-11-24-billet.md: Du texte.", "2026-11-26-billet.md: Du texte.",
		"2026/2026-11-23-billet.md: title-from-text", "2026-11-19-mot.md: link-outside", "2026-11-20-dehors.md: link-outside",
		"2026-11-21-absent.md: link-outside", "2026-11-22-boucle.md: link-outside",
		"2026-11-24-billet.md: title-from-text", "2026-11-26-billet.md: title-from-text",
	}
	slices.Sort(want)
	for name, fsys := range map[string]fs.FS{"folder": root.FS(), "mirror": m} {
		got := told(fsys)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: want (-), got (+):\n%s", name, diff)
		}
	}
	sound, err := fs.Sub(m, "2026")
	a.must(err)
	if err := fstest.TestFS(sound, "2026-11-23-billet.md"); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"2026-11-19-mot.md", "2026-11-20-dehors.md"} {
		if _, err := m.Open(name); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%s was opened: %v", name, err)
		}
		if info, err := m.Lstat(name); err != nil || info.Mode().Type() != fs.ModeSymlink {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
}
