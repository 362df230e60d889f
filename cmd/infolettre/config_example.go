package main

import (
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strings"

	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/templates"
)

// namings are the values that say to readers who writes to them, and where.
func (c *config) namings() [][2]string {
	n, s := &c.Newsletter, &c.Sender
	return [][2]string{
		{"newsletter.name", n.Name}, {"newsletter.tagline", n.Tagline}, {"newsletter.id", n.ID}, {"newsletter.url", n.URL},
		{"newsletter.organization", n.Organization}, {"newsletter.postal_address", n.PostalAddress},
		{"sender.name", s.Name}, {"sender.address", s.Address}, {"sender.reply_to", s.ReplyTo},
		{"sender.bounce", s.Bounce}, {"sender.unsubscribe", s.Unsubscribe}, {"web.contact", c.Web.Contact},
	}
}

// examples are the keys whose values are still those that init writes, in
// whatever language, or name a domain that is nobody's.
func (c *config) examples() ([]string, error) {
	written := map[[2]string]bool{}
	files, err := fs.Glob(templates.Init, "init/*.yaml")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		data, err := fs.ReadFile(templates.Init, file)
		if err != nil {
			return nil, err
		}
		example, err := parseConfig(file, data, nil)
		if err != nil {
			return nil, fmt.Errorf("read the example settings: %w", err)
		}
		for _, naming := range example.namings() {
			written[naming] = true
		}
	}
	var keys []string
	for _, naming := range c.namings() {
		if naming[1] != "" && (written[naming] || isReserved(naming[1])) {
			keys = append(keys, naming[0])
		}
	}
	return keys, nil
}

// strayExamples are the examples with which mails would leave this machine: their
// links, unsubscription's among them, would lead nowhere.
func (c *config) strayExamples() ([]string, error) {
	if !slices.ContainsFunc(c.Delivery.Servers, deliver.Server.Remote) {
		return nil, nil
	}
	keys, err := c.examples()
	return slices.DeleteFunc(keys, func(key string) bool {
		return !slices.Contains([]string{"newsletter.url", "sender.address", "sender.bounce", "sender.unsubscribe"}, key)
	}), err
}

// isReserved reports an identifier, an address or a URL of a domain that
// RFC 2606 keeps for examples.
func isReserved(value string) bool {
	host := value[strings.LastIndexByte(value, '@')+1:]
	if u, err := url.Parse(value); err == nil && u.Host != "" {
		host = u.Hostname()
	}
	labels := strings.Split(strings.ToLower(host), ".")
	last := labels[len(labels)-1]
	if len(labels) > 1 && labels[len(labels)-2] == "example" && slices.Contains([]string{"com", "net", "org"}, last) {
		return true
	}
	return len(labels) > 1 && slices.Contains([]string{"example", "test", "invalid"}, last)
}
