package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"go.yaml.in/yaml/v4"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/message"
	"github.com/infolettre/infolettre/pipeline/render"
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

	// The same, validated.
	dkim  *message.DKIM
	zone  *time.Location
	first time.Time
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

type scheduleConfig struct {
	Cron string `yaml:"cron"` // five fields, wall clock of the newsletter's zone
}

type contentConfig struct {
	Folder string `yaml:"folder"`
}

type databaseConfig struct {
	Path string `yaml:"path"`
	// Synchronous is "full", which outlives a power cut, or "normal", which
	// outlives the death of the process only and costs less.
	Synchronous string `yaml:"synchronous"`
}

type keysConfig struct {
	File string `yaml:"file"`
}

// configError is a mistake in the file, with the key's place.
type configError struct {
	path string
	line int
	id   string // "config.<id>"
	args []any
	err  error
}

func (e *configError) Error() string {
	return fmt.Sprintf("%s:%d: %s: %v", e.path, e.line, e.id, e.err)
}

// loadConfig reads the file, then the environment over it.
func (a *app) loadConfig() (config, error) {
	data, err := os.ReadFile(a.configPath)
	if errors.Is(err, fs.ErrNotExist) {
		return config{}, a.fail(nil, "config.missing", "Path", a.configPath)
	}
	if err != nil {
		return config{}, a.fail(err, "config.unreadable", "Path", a.configPath)
	}
	c, err := parseConfig(a.configPath, data, a.environ)
	var at *configError
	if errors.As(err, &at) {
		return config{}, a.fail(at.err, "config.error", "Place", placeOf(at.path, at.line), "What", a.words.T("config."+at.id, at.args...))
	}
	return c, err
}

// parseConfig decodes strictly: an unknown key is an error with its line.
func parseConfig(path string, data []byte, environ []string) (config, error) {
	c := config{dir: filepath.Dir(path)}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return c, &configError{path: path, line: errorLine(err), id: "yaml", err: err}
	}
	if len(doc.Content) > 0 {
		if err := checkKeys(path, doc.Content[0], reflect.TypeFor[config](), ""); err != nil {
			return c, err
		}
		if err := doc.Content[0].Decode(&c); err != nil {
			return c, &configError{path: path, line: errorLine(err), id: "value", err: err}
		}
	}
	if err := env.ParseWithOptions(&c, env.Options{
		Prefix: envPrefix, UseFieldNameByDefault: true, Environment: environment(environ),
	}); err != nil {
		return c, &configError{path: path, id: "environment", err: err}
	}
	return c, c.complete(&place{path, doc})
}

func environment(environ []string) map[string]string {
	vars := map[string]string{}
	for _, pair := range environ {
		if name, value, ok := strings.Cut(pair, "="); ok && strings.HasPrefix(name, envPrefix) {
			vars[name] = value
		}
	}
	return vars
}

func errorLine(err error) int {
	var load *yaml.LoadError
	if errors.As(err, &load) {
		return load.Mark.Line
	}
	return 0
}

// checkKeys walks the file and the struct together and refuses the first key
// that the struct does not have.
func checkKeys(path string, node *yaml.Node, t reflect.Type, parent string) error {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		if t.Kind() == reflect.Slice && node.Kind == yaml.SequenceNode {
			for _, item := range node.Content {
				if err := checkKeys(path, item, t.Elem(), parent); err != nil {
					return err
				}
			}
			return nil
		}
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || node.Kind != yaml.MappingNode {
		return nil
	}
	known := fields(t)
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		field, ok := known[key.Value]
		if !ok {
			return &configError{path: path, line: key.Line, id: "unknown-key", args: []any{"Key", parent + key.Value, "Near", nearest(key.Value, known)}}
		}
		if seen[key.Value] {
			return &configError{path: path, line: key.Line, id: "duplicate-key", args: []any{"Key", parent + key.Value}}
		}
		seen[key.Value] = true
		if err := checkKeys(path, value, field, parent+key.Value+"."); err != nil {
			return err
		}
	}
	return nil
}

// fields lists a struct's YAML keys, those of inline structs included.
func fields(t reflect.Type) map[string]reflect.Type {
	keys := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case option == "inline":
			for k, v := range fields(f.Type) {
				keys[k] = v
			}
		case name != "" && name != "-":
			keys[name] = f.Type
		}
	}
	return keys
}

// nearest is the known key most like the unknown one, "" when none is.
func nearest(key string, known map[string]reflect.Type) string {
	best, least := "", max(2, len(key)/3)+1
	for k := range known {
		if d := distance(strings.ToLower(key), k); d < least || d == least && k < best {
			best, least = k, d
		}
	}
	return best
}

// distance is Levenshtein's, on bytes: keys are ASCII.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal, row[j+1] = row[j+1], min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// place finds the line of a value in the file.
type place struct {
	path string
	doc  yaml.Node
}

func (p *place) fail(key, id string, err error, args ...any) error {
	return &configError{path: p.path, line: p.line(key), id: id, args: append([]any{"Key", key}, args...), err: err}
}

func (p *place) line(key string) int {
	if len(p.doc.Content) == 0 {
		return 0
	}
	node, line := p.doc.Content[0], 0
	for part := range strings.SplitSeq(key, ".") {
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == part {
				node, line = node.Content[i+1], node.Content[i].Line
				break
			}
		}
	}
	return line
}

// complete fills in defaults and checks what belongs together.
func (c *config) complete(at *place) error {
	n := &c.Newsletter
	if len(n.Languages) == 0 {
		n.Languages = []string{"fr"}
	}
	n.Timezone = cmp.Or(n.Timezone, "Europe/Paris")
	c.Schedule.Cron = cmp.Or(c.Schedule.Cron, "0 11 * * THU")
	c.Content.Folder = cmp.Or(c.Content.Folder, "content")
	c.Database.Path = cmp.Or(c.Database.Path, "infolettre.db")
	c.Keys.File = cmp.Or(c.Keys.File, "infolettre.keys")
	c.Issue = c.Issue.WithDefaults()
	c.Issue.Languages = n.Languages
	var err error
	if c.zone, err = time.LoadLocation(n.Timezone); err != nil {
		return at.fail("newsletter.timezone", "zone", nil, "Value", n.Timezone)
	}
	n.Location = c.zone
	if _, err := issue.NewCalendar(c.Schedule.Cron, c.zone); errors.Is(err, issue.ErrNeverFires) {
		return at.fail("schedule.cron", "never-fires", nil, "Value", c.Schedule.Cron)
	} else if err != nil {
		return at.fail("schedule.cron", "cron", nil, "Value", c.Schedule.Cron)
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
		return at.fail("newsletter", "stage", err)
	}
	c.Delivery = c.Delivery.WithDefaults()
	for i := range c.Delivery.Servers {
		if err := c.readPassword(&c.Delivery.Servers[i]); err != nil {
			return at.fail("delivery.servers", "password", err)
		}
	}
	if len(c.Delivery.Servers) > 0 { // authors' machines have none
		if err := c.Delivery.Validate(); err != nil {
			return at.fail("delivery", "stage", err)
		}
	}
	if !slices.Contains([]string{"", "full", "normal"}, c.Database.Synchronous) {
		return at.fail("database.synchronous", "synchronous", nil, "Value", c.Database.Synchronous)
	}
	if err := c.checkAddresses(at); err != nil {
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
		return at.fail("sender.dkim", "dkim", err)
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

// configPath finds --config before the command tree exists.
func configPath(args []string) string {
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--config="); ok {
			return value
		}
		if (arg == "--config" || arg == "-c") && i+1 < len(args) {
			return args[i+1]
		}
	}
	return defaultConfig
}

// firstLanguage is the newsletter's own language, "" without a readable file.
func firstLanguage(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	var c struct {
		Newsletter struct{ Languages []string }
	}
	if yaml.Unmarshal(data, &c) != nil || len(c.Newsletter.Languages) == 0 {
		return ""
	}
	return c.Newsletter.Languages[0]
}
