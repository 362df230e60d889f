package web

import (
	"cmp"
	"net/netip"
	"strings"

	"github.com/infolettre/infolettre/pipeline/setting"
)

// Config says where the pages are served and what the law wants said on them.
type Config struct {
	Listen         string   `yaml:"listen"`          // public pages; default 127.0.0.1:8080
	Private        string   `yaml:"private"`         // figures and health, for the team alone; default 127.0.0.1:8081
	TrustedProxies []string `yaml:"trusted_proxies"` // CIDR; their X-Forwarded-For is believed, nobody else's
	RiverUI        bool     `yaml:"river_ui"`        // the jobs' queues on the private address; default: not
	Director       string   `yaml:"director"`        // directeur de la publication (LCEN, art. 1-1)
	Contact        string   `yaml:"contact"`         // e-mail address or URL for questions about personal data
	Host           string   `yaml:"host"`            // who hosts the pages: name and address, on one line or several
}

// WithDefaults fills in what was left out.
func (c Config) WithDefaults() Config {
	c.Listen = cmp.Or(c.Listen, "127.0.0.1:8080")
	c.Private = cmp.Or(c.Private, "127.0.0.1:8081")
	return c
}

// Validate names what cannot work.
func (c Config) Validate() error {
	if c.Listen == c.Private && !strings.HasSuffix(c.Listen, ":0") {
		return &setting.Error{Key: "private", Value: c.Private}
	}
	_, err := c.proxies()
	return err
}

// proxies reads TrustedProxies; a bare address is a network of one.
func (c Config) proxies() ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, text := range c.TrustedProxies {
		p, err := netip.ParsePrefix(text)
		if addr, errAddr := netip.ParseAddr(text); err != nil && errAddr == nil {
			p, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return nil, &setting.Error{Key: "trusted_proxies", Value: text}
		}
		list = append(list, p.Masked())
	}
	return list, nil
}

// contactURL is where Contact leads, "" when it is neither URL nor address.
func (c Config) contactURL() string {
	switch {
	case strings.HasPrefix(c.Contact, "https://"), strings.HasPrefix(c.Contact, "http://"):
		return c.Contact
	case strings.Contains(c.Contact, "@") && !strings.ContainsAny(c.Contact, " <>"):
		return "mailto:" + c.Contact
	}
	return ""
}
