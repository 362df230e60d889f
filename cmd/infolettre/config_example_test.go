package main

import "testing"

func TestIsReserved(t *testing.T) {
	for value, want := range map[string]bool{
		"https://lettre.example.org": true, "lettre@example.com": true, "lettre.example.net": true, "a@lettre.test": true,
		"https://lettre.exemple.fr": false, "lettre@exemple.fr": false, "example.fr": false, "notexample.org": false,
		"Une lettre, par example": false, "1 rue de l’Exemple, 75000 Paris": false, "http://127.0.0.1:8080": false, "test": false,
	} {
		if got := isReserved(value); got != want {
			t.Errorf("%s: %v", value, got)
		}
	}
}
