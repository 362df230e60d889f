package main

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/message"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/web"
)

const (
	defaultConfig = "infolettre.yaml"
	envPrefix     = "INFOLETTRE_"
)

// config is infolettre.yaml: one section per concern, each stage's own Config
// where it has one. Any value can be set by the environment instead:
// INFOLETTRE_DELIVERY_SERVERS_0_PASSWORD.
type config struct {
	Newsletter newsletterConfig `yaml:"newsletter" envPrefix:"NEWSLETTER_"`
	Sender     senderConfig     `yaml:"sender" envPrefix:"SENDER_"`
	Schedule   scheduleConfig   `yaml:"schedule" envPrefix:"SCHEDULE_"`
	Issue      issue.Config     `yaml:"issue" envPrefix:"ISSUE_"`
	Content    contentConfig    `yaml:"content" envPrefix:"CONTENT_"`
	Delivery   deliver.Config   `yaml:"delivery" envPrefix:"DELIVERY_"`
	Database   databaseConfig   `yaml:"database" envPrefix:"DATABASE_"`
	Keys       keysConfig       `yaml:"keys" envPrefix:"KEYS_"`
	Web        web.Config       `yaml:"web" envPrefix:"WEB_"`
	Team       []string         `yaml:"team"` // the addresses of those who are told what waits or fails
	Preview    previewConfig    `yaml:"preview" envPrefix:"PREVIEW_"`
	Retention  retentionConfig  `yaml:"retention" envPrefix:"RETENTION_"`

	// The same, validated.
	dkim  *message.DKIM
	zone  *time.Location
	first time.Time
	team  []audience.Address
	dir   string // relative paths are relative to it
}

type newsletterConfig struct {
	render.Config `yaml:",inline"`
	ID            string   `yaml:"id" env:"ID"`   // List-Id, "lettre.exemple.fr"
	URL           string   `yaml:"url" env:"URL"` // public, of the pages readers see
	Languages     []string `yaml:"languages"`     // the first is the newsletter's own
	Timezone      string   `yaml:"timezone"`
}

type senderConfig struct {
	Name        string `yaml:"name"`        // default: the newsletter's
	Address     string `yaml:"address"`     // From
	ReplyTo     string `yaml:"reply_to"`    // default: none
	Bounce      string `yaml:"bounce"`      // envelope sender; default: Address
	Unsubscribe string `yaml:"unsubscribe"` // takes unsubscriptions by mail; default: none

	DKIM dkimConfig `yaml:"dkim" envPrefix:"DKIM_"` // default: the relay signs
}

type dkimConfig struct {
	Domain   string `yaml:"domain"` // default: that of Address
	Selector string `yaml:"selector"`
	Key      string `yaml:"-" env:"KEY"` // in PEM, from the environment or from KeyFile
	KeyFile  string `yaml:"key_file"`
}

type contentConfig struct {
	Folder     string           `yaml:"folder"`
	Repository repositoryConfig `yaml:"repository" envPrefix:"REPOSITORY_"`
}

type keysConfig struct {
	File string `yaml:"file"`
}

// complete fills in defaults and checks what belongs together.
func (c *config) complete(at *place) error {
	n := &c.Newsletter
	if len(n.Languages) == 0 {
		n.Languages = []string{"fr"}
	}
	n.Timezone = cmp.Or(n.Timezone, "Europe/Paris")
	c.Content.Folder = cmp.Or(c.Content.Folder, "content")
	c.Keys.File = cmp.Or(c.Keys.File, "infolettre.keys")
	c.Issue = c.Issue.WithDefaults()
	c.Issue.Languages = n.Languages
	var err error
	if c.zone, err = time.LoadLocation(n.Timezone); err != nil {
		return at.fail("newsletter.timezone", "zone", nil, "Value", n.Timezone)
	}
	n.Location, n.Locales = c.zone, n.Languages
	if err := c.completeSchedule(at); err != nil {
		return err
	}
	if err := c.completeRepository(at); err != nil {
		return err
	}
	if c.Issue.First.Slot != "" {
		if c.first, err = time.ParseInLocation("2006-01-02 15:04", strings.Replace(c.Issue.First.Slot, "T", " ", 1), c.zone); err != nil {
			return at.fail("issue.first.slot", "slot", nil, "Value", c.Issue.First.Slot)
		}
	}
	if n.ID == "" || strings.ContainsFunc(n.ID, func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' }) {
		return at.fail("newsletter.id", "list-id", nil, "Value", n.ID)
	}
	base, err := message.CheckBase(n.URL)
	if err != nil {
		return at.fail("newsletter.url", "url", nil, "Value", n.URL)
	}
	n.URL = base
	n.Config = n.Config.WithDefaults()
	if err := n.Config.Validate(); err != nil {
		return at.unfit("newsletter", err)
	}
	c.Delivery = c.Delivery.WithDefaults()
	for i := range c.Delivery.Servers {
		if err := c.readPassword(&c.Delivery.Servers[i]); err != nil {
			return at.fail("delivery.servers", "password", err)
		}
	}
	if len(c.Delivery.Servers) > 0 { // authors' machines have none
		if err := c.Delivery.Validate(); err != nil {
			return at.unfit("delivery", err)
		}
	}
	if err := c.completeDatabase(at); err != nil {
		return err
	}
	c.Web = c.Web.WithDefaults()
	if err := c.Web.Validate(); err != nil {
		return at.unfit("web", err)
	}
	if !c.Retention.complete() {
		return at.fail("retention", "retention", nil)
	}
	if err := c.checkAddresses(at); err != nil {
		return err
	}
	if err := c.Preview.validate(at); err != nil {
		return err
	}
	return c.readDKIM(at)
}

// readDKIM prepares the signing of mails, when a selector asks for it.
func (c *config) readDKIM(at *place) error {
	d := c.Sender.DKIM
	if d.Selector == "" {
		return nil
	}
	key := []byte(d.Key)
	if d.Key == "" {
		var err error
		if key, err = os.ReadFile(c.path(d.KeyFile)); err != nil {
			return at.fail("sender.dkim", "dkim", err)
		}
	}
	sender, err := audience.ParseAddress(c.Sender.Address)
	if err != nil {
		return err
	}
	if c.dkim, err = message.NewDKIM(cmp.Or(d.Domain, sender.Domain()), d.Selector, key); err != nil {
		return at.fail("sender.dkim", "dkim", nil)
	}
	return nil
}

func (c *config) readPassword(s *deliver.Server) error {
	if s.Password != "" || s.PasswordFile == "" {
		return nil
	}
	data, err := os.ReadFile(c.path(s.PasswordFile))
	s.Password = strings.TrimRight(string(bytes.TrimRight(data, "\n")), "\r")
	return err
}

func (c *config) checkAddresses(at *place) error {
	for _, f := range []struct{ key, value string }{
		{"sender.address", c.Sender.Address}, {"sender.reply_to", c.Sender.ReplyTo},
		{"sender.bounce", c.Sender.Bounce}, {"sender.unsubscribe", c.Sender.Unsubscribe},
	} {
		if f.value == "" && f.key != "sender.address" {
			continue
		}
		if _, err := audience.ParseAddress(f.value); err != nil {
			return at.fail(f.key, "address", nil, "Value", f.value)
		}
	}
	if _, err := audience.ParseName(c.Sender.Name); err != nil {
		return at.fail("sender.name", "name", nil)
	}
	return nil
}

// headers is what the mails' headers say; addresses are valid by now.
func (c *config) headers() message.Config {
	address := func(s string) audience.Address {
		a, _ := audience.ParseAddress(s)
		return a
	}
	return message.Config{
		ListID: c.Newsletter.ID, ListName: c.Newsletter.Name, FromName: c.Sender.Name,
		From: address(c.Sender.Address), ReplyTo: address(c.Sender.ReplyTo),
		Bounce: address(c.Sender.Bounce), Unsubscribe: address(c.Sender.Unsubscribe), DKIM: c.dkim,
	}
}

// path resolves a path of the file against the file's own folder.
func (c *config) path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.dir, p)
}
