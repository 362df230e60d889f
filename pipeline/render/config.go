package render

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"github.com/infolettre/infolettre/pipeline/render/theme"
	"github.com/infolettre/infolettre/pipeline/render/typography"
	"github.com/infolettre/infolettre/pipeline/setting"
)

// Untranslated says what a reader sees of an entry that does not exist in
// their language.
type Untranslated string

const (
	Show Untranslated = "show" // the entry in its own language, with a line that says so
	Omit Untranslated = "omit" // nothing
)

// DefaultBudget is the size, in bytes, that a mail's HTML is kept under.
// Gmail hides what comes after 102,000; a tenth of that is left for mail
// programs and forwarders that add their own.
const DefaultBudget = 90_000

// Config is what a newsletter says of itself in every issue.
type Config struct {
	Name          string `yaml:"name"`
	Tagline       string `yaml:"tagline"`
	Organization  string `yaml:"organization"`   // who sends; default: Name
	OnBehalfOf    string `yaml:"on_behalf_of"`   // for whom, when it is somebody else
	PostalAddress string `yaml:"postal_address"` // of the organization, on one line or several

	Accent     string `yaml:"accent"`      // colour of links and buttons, "#1F4E8C"
	AccentDark string `yaml:"accent_dark"` // the same in dark mode; default: a lighter shade

	Untranslated Untranslated       `yaml:"untranslated"` // default: show
	Budget       int                `yaml:"budget"`       // bytes of a mail's HTML; default: DefaultBudget
	Typography   typography.Options `yaml:"typography" envPrefix:"TYPOGRAPHY_"`

	Location *time.Location `yaml:"-" env:"-"` // in which dates are shown; default: UTC
	Locales  []string       `yaml:"-" env:"-"` // the newsletter's, which pages of the archive name as their translations
}

// WithDefaults fills in what was left out.
func (c Config) WithDefaults() Config {
	c.Organization = cmp.Or(c.Organization, c.Name)
	c.Untranslated = cmp.Or(c.Untranslated, Show)
	c.Budget = cmp.Or(c.Budget, DefaultBudget)
	c.Location = cmp.Or(c.Location, time.UTC)
	return c
}

// Validate says what a newsletter cannot be sent without.
func (c Config) Validate() error {
	var errs []error
	if c.Name == "" {
		errs = append(errs, &setting.Error{Key: "name", Value: ""})
	}
	if c.PostalAddress == "" {
		errs = append(errs, &setting.Error{Key: "postal_address", Value: ""})
	}
	if !slices.Contains([]Untranslated{"", Show, Omit}, c.Untranslated) {
		errs = append(errs, &setting.Error{Key: "untranslated", Value: c.Untranslated})
	}
	if c.Budget < 0 {
		errs = append(errs, &setting.Error{Key: "budget", Value: c.Budget})
	}
	if err := c.Typography.Validate(); err != nil {
		errs = append(errs, setting.Below("typography", err))
	}
	if _, err := theme.New(c.Accent, c.AccentDark); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
