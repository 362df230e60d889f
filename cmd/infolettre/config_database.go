package main

import (
	"cmp"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/infolettre/infolettre/pipeline/store"
)

// databaseConfig names a SQLite file or, when there is a URL, a PostgreSQL
// database.
type databaseConfig struct {
	Path string `yaml:"path"`
	// URL is that of a PostgreSQL database. With a password it is a secret: it
	// then comes from the environment, or from URLFile.
	URL     string `yaml:"url" env:"URL"`
	URLFile string `yaml:"url_file" env:"URL_FILE"`
	// Synchronous is "full", which outlives a power cut, or "normal", which
	// outlives the death of the process only and costs less. SQLite's only.
	Synchronous string `yaml:"synchronous"`
	// State is a small file on this machine that knows which database sent
	// last from here; default: beside Path.
	State string `yaml:"state"`
}

func (c *config) completeDatabase(at *place) error {
	d := &c.Database
	d.Path = cmp.Or(d.Path, "infolettre.db")
	d.State = cmp.Or(d.State, strings.TrimSuffix(d.Path, ".db")+".state")
	if d.URL == "" && d.URLFile != "" {
		data, err := os.ReadFile(c.path(d.URLFile))
		if err != nil {
			return at.fail("database.url_file", "database-url-file", err)
		}
		d.URL = strings.TrimSpace(string(data))
	}
	if _, err := url.Parse(d.URL); err != nil || d.URL != "" && !store.IsURL(d.URL) {
		return at.fail("database.url", "database-url", nil)
	}
	if u, err := url.Parse(at.value("database.url")); err == nil {
		if _, secret := u.User.Password(); secret {
			return at.fail("database.url", "database-password", nil)
		}
	}
	if !slices.Contains([]string{"", "full", "normal"}, d.Synchronous) {
		return at.fail("database.synchronous", "synchronous", nil, "Value", d.Synchronous)
	}
	return nil
}

// database is what store.Open opens.
func (c *config) database() string {
	return cmp.Or(c.Database.URL, c.path(c.Database.Path))
}

// databaseName is how messages call the database: without its password.
func (c *config) databaseName() string {
	u, err := url.Parse(c.Database.URL)
	if c.Database.URL == "" || err != nil {
		return c.path(c.Database.Path)
	}
	u.RawQuery = ""
	return u.Redacted()
}
