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
// branch, and only a commit that passed all tests moves this.
const good = plumbing.ReferenceName("refs/infolettre/good")

// Mirror is our copy of a repository. As an fs.FS it is the folder's files in
// the last good commit, read out of git's objects: a pull that fails half-way
// cannot tear them. It is safe for concurrent use.
type Mirror struct {
	source     Source
	signers    []signer
	repository *gogit.Repository

	mu     sync.Mutex // go-git reads objects from one goroutine at a time
	commit *object.Commit
	files  *tree // nil until something was pulled
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
	repository, err := gogit.PlainOpen(dir)
	if errors.Is(err, gogit.ErrRepositoryNotExists) {
		repository, err = gogit.PlainInit(dir, true)
	}
	if err != nil {
		return nil, fmt.Errorf("open the copy of %s in %s: %w", s.URL, dir, err)
	}
	m := &Mirror{source: s, signers: signers, repository: repository}
	reference, err := repository.Reference(good, true)
	if errors.Is(err, plumbing.ErrReferenceNotFound) {
		return m, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the copy of %s: %w", s.URL, err)
	}
	return m, m.read(reference.Hash())
}

// Commit is the hash of the commit the files are read from.
func (m *Mirror) Commit() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.commit == nil {
		return ""
	}
	return m.commit.Hash.String()
}

// Pull brings the copy up to date. With an error the files stay those of the
// last good commit.
func (m *Mirror) Pull(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	m.mu.Lock()
	defer m.mu.Unlock()
	head, err := m.fetch(ctx)
	if err != nil {
		return fmt.Errorf("pull %s: %w: %w", m.source.URL, ErrUnreachable, err)
	}
	if m.commit != nil && head.Hash == m.commit.Hash {
		return nil
	}
	if err := m.test(head); err != nil {
		return fmt.Errorf("pull %s: commit %s: %w", m.source.URL, head.Hash, err)
	}
	if err := m.read(head.Hash); err != nil {
		return err
	}
	return m.repository.Storer.SetReference(plumbing.NewHashReference(good, head.Hash))
}

// fetch returns the commit at which the branch now stands.
func (m *Mirror) fetch(ctx context.Context) (*object.Commit, error) {
	auth, err := m.auth()
	if err != nil {
		return nil, err
	}
	remote := gogit.NewRemote(m.repository.Storer, &config.RemoteConfig{Name: "origin", URLs: []string{m.source.URL}})
	fetched := plumbing.NewRemoteReferenceName("origin", m.source.Branch)
	refSpec := config.RefSpec("+" + plumbing.NewBranchReferenceName(m.source.Branch).String() + ":" + fetched.String())
	err = remote.FetchContext(ctx, &gogit.FetchOptions{RefSpecs: []config.RefSpec{refSpec}, Auth: auth, Tags: gogit.NoTags, Force: true})
	if err != nil && !errors.Is(err, gogit.NoErrAlreadyUpToDate) {
		return nil, err
	}
	reference, err := m.repository.Reference(fetched, true)
	if err != nil {
		return nil, err
	}
	return m.repository.CommitObject(reference.Hash())
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
func (m *Mirror) test(head *object.Commit) error {
	if m.commit != nil {
		goesOn, err := m.commit.IsAncestor(head)
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
func (m *Mirror) read(hash plumbing.Hash) error {
	commit, err := m.repository.CommitObject(hash)
	if err != nil {
		return fmt.Errorf("read commit %s: %w", hash, err)
	}
	root, err := commit.Tree()
	if err == nil && m.source.Folder != "" {
		root, err = root.Tree(m.source.Folder)
	}
	var files *tree
	if err == nil {
		files, err = newTree(root, commit.Committer.When, &m.mu)
	}
	if err != nil {
		return fmt.Errorf("read the folder %q in commit %s: %w", m.source.Folder, hash, err)
	}
	m.commit, m.files = commit, files
	return nil
}

// Open reads a file or a folder of the last good commit.
func (m *Mirror) Open(name string) (fs.File, error) {
	files, err := m.tree("open", name)
	if err != nil {
		return nil, err
	}
	return files.Open(name)
}

// Stat implements fs.StatFS.
func (m *Mirror) Stat(name string) (fs.FileInfo, error) {
	files, err := m.tree("stat", name)
	if err != nil {
		return nil, err
	}
	return files.Stat(name)
}

// Lstat implements fs.ReadLinkFS.
func (m *Mirror) Lstat(name string) (fs.FileInfo, error) {
	files, err := m.tree("lstat", name)
	if err != nil {
		return nil, err
	}
	return files.Lstat(name)
}

// ReadLink implements fs.ReadLinkFS.
func (m *Mirror) ReadLink(name string) (string, error) {
	files, err := m.tree("readlink", name)
	if err != nil {
		return "", err
	}
	return files.ReadLink(name)
}

// tree is that of the last good commit.
func (m *Mirror) tree(op, name string) (*tree, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.files == nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: ErrNothing}
	}
	return m.files, nil
}

// Forget lets the next pull take a branch that was rewritten: a person's
// order. The files stay until then.
func (m *Mirror) Forget() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.commit = nil
	return m.repository.Storer.RemoveReference(good)
}

var _ interface {
	fs.StatFS
	fs.ReadLinkFS
} = (*Mirror)(nil)
