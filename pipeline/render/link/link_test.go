package link_test

import (
	"testing"

	"github.com/infolettre/infolettre/pipeline/render/link"
)

func TestVague(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"ici": true, "Cliquez ici !": true, "« c'est ici »": true, "En savoir plus…": true, "→ Read more": true, "Plus d’infos": true,
		"": false, "le rapport": false, "ici, à Brest": false, "cliquez ici pour le rapport": false,
	} {
		if got := link.Vague(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestASCII(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		host, want string
		ok         bool
	}{
		{"exemple.fr", "exemple.fr", true},
		{"EXEMPLE_1.fr", "EXEMPLE_1.fr", true},
		{"::1", "::1", true},
		{"été.fr", "xn--t-9fab.fr", true},
		{"e\u0301te\u0301.fr", "xn--t-9fab.fr", true},
		{"ÉTÉ.fr", "xn--t-9fab.fr", true},
		{"exemple.fr\u00a0", "", false},
		{"ex\u202eemple.fr", "", false},
		{"exemple,fr", "", false},
	} {
		if got, ok := link.ASCII(tt.host); ok != tt.ok || ok && got != tt.want {
			t.Errorf("%q: got %q %v, want %q %v", tt.host, got, ok, tt.want, tt.ok)
		}
	}
}

func TestSameHost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"www.Exemple.fr", "exemple.fr", true},
		{"été.fr", "xn--t-9fab.fr", true},
		{"www.été.fr", "xn--t-9fab.fr", true},
		{"ete.fr", "été.fr", false},
		{"exemple.fr", "exemple.fr\u00a0", false},
	} {
		if got := link.SameHost(tt.a, tt.b); got != tt.want {
			t.Errorf("%q and %q: %v", tt.a, tt.b, got)
		}
	}
}
