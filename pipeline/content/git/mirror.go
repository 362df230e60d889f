package git

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"time"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/http"
	"github.com/go-git/go-git/v5/plumbing/transport/ssh"
)

// Source is a repository that entries are pulled from.
type Source struct {
	URL    string
	Branch string // default main
	Folder string // of the entries, within the repository; default: its root

	Username string // default git
	Password string // or a token; over HTTPS
	KeyFile  string // private key; over SSH

	Signed  bool   // read no commit but one signed by one of these
	Keys    string // armored OpenPGP keys
	Signers string // SSH keys, as in git's gpg.ssh.allowedSignersFile
}

// Errors of Pull. The tree pulled before stays in place after each.
var (
	ErrUnreachable = errors.New("the repository cannot be reached")
	ErrDiverged    = errors.New("the branch does not go on from the commit read last: it was rewritten")
	ErrUnsigned    = errors.New("the commit is not signed by any of the keys allowed")
	ErrNothing     = errors.New("nothing was pulled yet")
)

// timeout bounds a pull: a server that says nothing must not hold up an issue.
const timeout = 2 * time.Minute

// good names, in our copy, the commit that is read from. A fetch moves the
// branch, and only a commit that passed all tests moves this. Every process
// that reads this copy goes by it.
const good = plumbing.ReferenceName("refs/infolettre/good")

// Mirror is our copy of a repository. As an fs.FS it is the folder's files in
// the last good commit, read out of git's objects: a pull that fails half-way
// cannot tear them, and none keeps a reader waiting. It is safe for concurrent
// use.
type Mirror struct {
	dir     string
	source  Source
	signers []signer

	pulling sync.Mutex // one pull at a time
	mu      sync.Mutex // of what follows: held for no longer than to take or change it
	commit  plumbing.Hash
	files   *tree // nil until something was pulled
}

// NewMirror opens the copy in a folder of ours, and begins one in an empty
// folder. It does not reach for the network.
func NewMirror(dir string, s Source) (*Mirror, error) {
	s.Branch = cmp.Or(s.Branch, "main")
	s.Folder = strings.Trim(s.Folder, "/")
	signers, err := parseSigners(s.Signers)
	if err != nil {
		return nil, err
	}
	m := &Mirror{dir: dir, source: s, signers: signers}
	repository, err := gogit.PlainOpen(dir)
	if errors.Is(err, gogit.ErrRepositoryNotExists) {
		repository, err = gogit.PlainInit(dir, true)
	}
	if err != nil {
		return nil, m.cannotOpen(err)
	}
	last, err := lastGood(repository)
	if err != nil {
		return nil, fmt.Errorf("read the copy of %s: %w", s.URL, err)
	}
	if last == nil {
		return m, nil
	}
	files, err := m.read(last)
	if err != nil {
		return nil, err
	}
	m.show(last, files)
	return m, nil
}

func (m *Mirror) cannotOpen(err error) error {
	return fmt.Errorf("open the copy of %s in %s: %w", m.source.URL, m.dir, err)
}

// lastGood is the commit that good names, nil when there is none.
func lastGood(repository *gogit.Repository) (*object.Commit, error) {
	reference, err := repository.Reference(good, true)
	if errors.Is(err, plumbing.ErrReferenceNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return repository.CommitObject(reference.Hash())
}

// Commit is the hash of the commit the files are read from.
func (m *Mirror) Commit() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.files == nil {
		return ""
	}
	return m.commit.String()
}

// Pull brings the copy up to date. With an error the files stay those of the
// last good commit.
func (m *Mirror) Pull(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	m.pulling.Lock()
	defer m.pulling.Unlock()
	// Opened anew: go-git lets one goroutine use a repository at a time, and
	// does not see what another process has fetched into it since.
	repository, err := gogit.PlainOpen(m.dir)
	if err != nil {
		return m.cannotOpen(err)
	}
	head, err := m.fetch(ctx, repository)
	if err != nil {
		return fmt.Errorf("pull %s: %w: %w", m.source.URL, ErrUnreachable, err)
	}
	if head.Hash.String() == m.Commit() {
		return nil
	}
	if err := m.test(repository, head); err != nil {
		return fmt.Errorf("pull %s: commit %s: %w", m.source.URL, head.Hash, err)
	}
	files, err := m.read(head)
	if err != nil {
		return err
	}
	if err := repository.Storer.SetReference(plumbing.NewHashReference(good, head.Hash)); err != nil {
		return fmt.Errorf("note commit %s in the copy of %s: %w", head.Hash, m.source.URL, err)
	}
	m.show(head, files)
	return nil
}

// fetch returns the commit at which the branch now stands.
func (m *Mirror) fetch(ctx context.Context, repository *gogit.Repository) (*object.Commit, error) {
	auth, err := m.auth()
	if err != nil {
		return nil, err
	}
	remote := gogit.NewRemote(repository.Storer, &config.RemoteConfig{Name: "origin", URLs: []string{m.source.URL}})
	fetched := plumbing.NewRemoteReferenceName("origin", m.source.Branch)
	refSpec := config.RefSpec("+" + plumbing.NewBranchReferenceName(m.source.Branch).String() + ":" + fetched.String())
	err = remote.FetchContext(ctx, &gogit.FetchOptions{RefSpecs: []config.RefSpec{refSpec}, Auth: auth, Tags: gogit.NoTags, Force: true})
	if err != nil && !errors.Is(err, gogit.NoErrAlreadyUpToDate) {
		return nil, err
	}
	reference, err := repository.Reference(fetched, true)
	if err != nil {
		return nil, err
	}
	return repository.CommitObject(reference.Hash())
}

func (m *Mirror) auth() (transport.AuthMethod, error) {
	user := cmp.Or(m.source.Username, "git")
	switch {
	case m.source.KeyFile != "":
		keys, err := ssh.NewPublicKeysFromFile(user, m.source.KeyFile, "")
		if err != nil {
			return nil, fmt.Errorf("read the key %s: %w", m.source.KeyFile, err)
		}
		return keys, nil
	case m.source.Password != "":
		return &http.BasicAuth{Username: user, Password: m.source.Password}, nil
	}
	return nil, nil
}

// test says why a commit must not be read from.
func (m *Mirror) test(repository *gogit.Repository, head *object.Commit) error {
	last, err := lastGood(repository)
	if err != nil {
		return err
	}
	if last != nil {
		goesOn, err := last.IsAncestor(head)
		if err != nil {
			return err
		}
		if !goesOn {
			return ErrDiverged
		}
	}
	if !m.source.Signed {
		return nil
	}
	if err := m.verify(head); err != nil {
		return fmt.Errorf("%w: %w", ErrUnsigned, err)
	}
	return nil
}

// verify says why a commit is not signed by anybody who may sign.
func (m *Mirror) verify(c *object.Commit) error {
	switch {
	case c.PGPSignature == "":
		return errors.New("it bears no signature")
	case signedBySSH(c):
		return verifySSH(c, m.signers)
	case m.source.Keys == "":
		return errors.New("it is not signed by an SSH key, and no other keys are allowed")
	}
	_, err := c.Verify(m.source.Keys)
	return err
}

// read takes the files from a commit.
func (m *Mirror) read(commit *object.Commit) (files *tree, err error) {
	root, err := commit.Tree()
	if err == nil && m.source.Folder != "" {
		root, err = root.Tree(m.source.Folder)
	}
	if err == nil {
		files, err = newTree(root, commit.Committer.When)
	}
	if err != nil {
		return nil, fmt.Errorf("read the folder %q in commit %s: %w", m.source.Folder, commit.Hash, err)
	}
	return files, nil
}

// show lets everybody read the files. From here on the repository they are
// read from is theirs alone.
func (m *Mirror) show(commit *object.Commit, files *tree) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.commit, m.files = commit.Hash, files
}

// tree is the folder in the last good commit.
func (m *Mirror) tree(op, name string) (*tree, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.files == nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: ErrNothing}
	}
	return m.files, nil
}

// Open reads a file or a folder of the last good commit.
func (m *Mirror) Open(name string) (fs.File, error) {
	t, err := m.tree("open", name)
	if err != nil {
		return nil, err
	}
	return t.Open(name)
}

// Stat implements fs.StatFS.
func (m *Mirror) Stat(name string) (fs.FileInfo, error) {
	t, err := m.tree("stat", name)
	if err != nil {
		return nil, err
	}
	return t.Stat(name)
}

// Lstat implements fs.ReadLinkFS.
func (m *Mirror) Lstat(name string) (fs.FileInfo, error) {
	t, err := m.tree("lstat", name)
	if err != nil {
		return nil, err
	}
	return t.Lstat(name)
}

// ReadLink implements fs.ReadLinkFS.
func (m *Mirror) ReadLink(name string) (string, error) {
	t, err := m.tree("readlink", name)
	if err != nil {
		return "", err
	}
	return t.ReadLink(name)
}

// Forget lets the next pull take a branch that was rewritten: a person's
// order, which counts for all processes that read this copy. The files stay
// until then.
func (m *Mirror) Forget() error {
	m.pulling.Lock()
	defer m.pulling.Unlock()
	repository, err := gogit.PlainOpen(m.dir)
	if err != nil {
		return m.cannotOpen(err)
	}
	return repository.Storer.RemoveReference(good)
}

var _ interface {
	fs.StatFS
	fs.ReadLinkFS
} = (*Mirror)(nil)
