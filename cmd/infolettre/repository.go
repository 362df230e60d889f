package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/content/git"
)

// repositoryConfig names the repository that a server pulls the entries from.
// Without a URL they are read from content.folder as they are.
type repositoryConfig struct {
	URL          string `yaml:"url" env:"URL"`
	Branch       string `yaml:"branch"`           // default main
	Folder       string `yaml:"folder"`           // of the entries, in it; default: content.folder
	Username     string `yaml:"username"`         // default git
	Password     string `yaml:"-" env:"PASSWORD"` // or a token; from the environment, or from PasswordFile
	Token        string `yaml:"-" env:"TOKEN"`    // the same
	PasswordFile string `yaml:"password_file"`    // holds the password alone
	KeyFile      string `yaml:"key_file"`         // private key, for SSH
	Copy         string `yaml:"copy"`             // folder of our copy; default infolettre.git

	RequireSigned  bool   `yaml:"require_signed"`  // read no commit but one signed by an allowed key
	AllowedKeys    string `yaml:"allowed_keys"`    // file of armored OpenPGP keys
	AllowedSigners string `yaml:"allowed_signers"` // file of SSH keys, as git's gpg.ssh.allowedSignersFile
}

// completeRepository fills in defaults and reads the secrets.
func (c *config) completeRepository(at *place) error {
	r := &c.Content.Repository
	r.Copy = cmp.Or(r.Copy, "infolettre.git")
	r.Folder = cmp.Or(r.Folder, c.Content.Folder)
	r.Password = cmp.Or(r.Password, r.Token)
	if r.Password == "" && r.PasswordFile != "" {
		data, err := os.ReadFile(c.path(r.PasswordFile))
		if err != nil {
			return at.fail("content.repository.password_file", "password", err)
		}
		r.Password = string(bytes.TrimRight(data, "\r\n"))
	}
	if r.RequireSigned && r.AllowedKeys == "" && r.AllowedSigners == "" {
		return at.fail("content.repository.require_signed", "allowed-keys", nil)
	}
	return nil
}

// mirror opens our copy of the entries' repository; nil when there is none to
// read from.
func (a *app) mirror(c config) (*git.Mirror, error) {
	r := c.Content.Repository
	if r.URL == "" {
		return nil, nil
	}
	source := git.Source{URL: r.URL, Branch: r.Branch, Folder: r.Folder, Username: r.Username, Password: r.Password}
	if r.KeyFile != "" {
		source.KeyFile = c.path(r.KeyFile)
	}
	if r.RequireSigned {
		source.Signed = true
		var err error
		if source.Keys, err = c.readOptional(r.AllowedKeys); err != nil {
			return nil, fmt.Errorf("read the allowed keys: %w", err)
		}
		if source.Signers, err = c.readOptional(r.AllowedSigners); err != nil {
			return nil, fmt.Errorf("read the allowed signers: %w", err)
		}
	}
	return git.NewMirror(c.path(r.Copy), source)
}

// readOptional reads a file that the configuration may leave unnamed.
func (c *config) readOptional(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	data, err := os.ReadFile(c.path(name))
	return string(data), err
}

// entries is where entries are read from, and the commit they are of: the
// folder or, on a machine that has pulled one, the copy of the repository.
func (a *app) entries(c config) (fs.FS, func() string, error) {
	if _, err := os.Stat(c.path(c.Content.Repository.Copy)); err == nil && c.Content.Repository.URL != "" {
		m, err := a.mirror(c)
		if err != nil {
			return nil, nil, err
		}
		return m, m.Commit, nil
	}
	// The folder is opened as a root: no path in it leads out.
	folder := c.path(c.Content.Folder)
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, nil, a.fail(err, "cli.no-content", "Path", folder)
	}
	return root.FS(), func() string { return git.Commit(folder) }, nil
}

// pull brings the copy up to date, before anything is read from it. An
// unreachable repository stops nobody who has a copy: it is said, and the
// entries are those pulled last.
func (a *app) pull(ctx context.Context, c config) error {
	m, err := a.mirror(c)
	if err != nil || m == nil {
		return err
	}
	err = m.Pull(ctx)
	if err != nil && m.Commit() == "" {
		return a.fail(err, "cli.no-repository", "URL", c.Content.Repository.URL)
	}
	if err != nil {
		a.note("cli.old-repository", "Commit", m.Commit()[:min(12, len(m.Commit()))], "Cause", a.cause(err, ""))
	}
	return nil
}

// refresh pulls what a newsletter reads from; nil when that is a folder.
func refresh(n *pipeline.Newsletter) func(context.Context) error {
	if m, ok := n.Entries.(*git.Mirror); ok {
		return m.Pull
	}
	return nil
}

// pullEvery is how old the pictures of a server may be that has no schedule to
// pull them. Another server pulls when it makes an issue, whose readers soon
// ask this one for its pictures: so it looks as often as that one ticks.
const pullEvery = time.Minute

// keepFresh refreshes from time to time. What was pulled last stays in place
// when that fails.
func keepFresh(refresh func(context.Context) error, every time.Duration, logger *slog.Logger) runner {
	return func(ctx context.Context) error {
		for sleep(ctx, every) == nil {
			if err := refresh(ctx); err != nil && ctx.Err() == nil {
				logger.WarnContext(ctx, "the entries were not brought up to date", "error", err)
			}
		}
		return nil
	}
}

// acceptRepository is the order to follow a branch that was rewritten.
func (a *app) acceptRepository(ctx context.Context) error {
	c, err := a.loadConfig()
	if err != nil {
		return err
	}
	m, err := a.mirror(c)
	if err != nil {
		return err
	}
	if m == nil {
		return a.fail(nil, "doctor.no-repository")
	}
	if err := errors.Join(m.Forget(), m.Pull(ctx)); err != nil {
		return a.fail(err, "cli.no-repository", "URL", c.Content.Repository.URL)
	}
	a.say("doctor.repository-accepted", "Commit", m.Commit())
	return nil
}
