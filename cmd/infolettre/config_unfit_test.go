package main

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/infolettre/infolettre/templates"
)

// Whatever stage refuses a value, the message is the user's and names the key.
func TestUnfitSettings(t *testing.T) {
	settings, err := fs.ReadFile(templates.Init, "init/infolettre.fr.yaml")
	if err != nil {
		t.Fatal(err)
	}
	a, err := newApp(nil, nil, nil, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ variable, value, key string }{
		{"NEWSLETTER_UNTRANSLATED", "hide", "newsletter.untranslated"},
		{"NEWSLETTER_BUDGET", "-1", "newsletter.budget"},
		{"NEWSLETTER_TYPOGRAPHY_INNER_QUOTES", "double", "newsletter.typography.inner_quotes"},
		{"NEWSLETTER_TYPOGRAPHY_NARROW_SPACE", "none", "newsletter.typography.narrow_space"},
		{"NEWSLETTER_ACCENT", "red", "newsletter.accent"},
		{"NEWSLETTER_ACCENT", "#FFEE00", "newsletter.accent"},
		{"NEWSLETTER_ACCENT_DARK", "red", "newsletter.accent_dark"},
		{"NEWSLETTER_ACCENT_DARK", "#000000", "newsletter.accent_dark"},
		{"SCHEDULE_APPROVAL", "perhaps", "schedule.approval"},
		{"SCHEDULE_APPROVAL_DELAY", "1s", "schedule.approval_delay"},
		{"SCHEDULE_CATCH_UP", "1s", "schedule.catch_up"},
		{"SCHEDULE_QUIET_NOTICE", "-1", "schedule.quiet_notice"},
		{"DELIVERY_CONNECTIONS", "200", "delivery.connections"},
		{"DELIVERY_UNCERTAIN", "maybe", "delivery.uncertain"},
		{"DELIVERY_DEADLINE", "1s", "delivery.deadline"},
		{"DELIVERY_DOMAIN_RATE_PER_SECOND", "-1", "delivery.domain_rate.per_second"},
		{"DELIVERY_DOMAIN_RATE_PER_SECOND", "nan", "delivery.domain_rate.per_second"},
		{"DELIVERY_DOMAIN_RATE_PER_SECOND", "inf", "delivery.domain_rate.per_second"},
		{"DELIVERY_DOMAIN_RATE_PER_SECOND", "1e-12", "delivery.domain_rate.per_second"},
		{"DELIVERY_DOMAIN_RATE_PER_HOUR", "-1", "delivery.domain_rate.per_hour"},
		{"DELIVERY_SERVERS_0_PORT", "99999", "delivery.servers.0.port"},
		{"DELIVERY_SERVERS_0_TLS", "ssl", "delivery.servers.0.tls"},
		{"DELIVERY_SERVERS_0_WEIGHT", "-1", "delivery.servers.0.weight"},
		{"DELIVERY_SERVERS_0_RATE_PER_SECOND", "-1", "delivery.servers.0.rate.per_second"},
		{"DELIVERY_SERVERS_0_RATE_PER_HOUR", "-1", "delivery.servers.0.rate.per_hour"},
		{"WEB_PRIVATE", "127.0.0.1:8080", "web.private"},
		{"WEB_TRUSTED_PROXIES", "proxy", "web.trusted_proxies"},
	} {
		_, err := parseConfig("infolettre.yaml", settings, []string{envPrefix + test.variable + "=" + test.value})
		var bad *configError
		if !errors.As(err, &bad) {
			t.Errorf("%s=%s: %v", test.variable, test.value, err)
			continue
		}
		if said := a.words.T("config."+bad.id, bad.args...); !strings.HasPrefix(said, test.key) || bad.line == 0 {
			t.Errorf("%s=%s: line %d, %s", test.variable, test.value, bad.line, said)
		}
	}
}
