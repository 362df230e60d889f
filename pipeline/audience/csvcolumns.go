package audience

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Names of columns, folded: as people write them in French and English, and
// as listmonk, Mailchimp, Brevo and Substack do.
var (
	emailNames = []string{"email", "mail", "emailaddress", "courriel", "adresse", "adresseemail", "adressemail",
		"adressecourriel", "adresseelectronique", "adressedemessagerie", "mel"}
	nameNames   = []string{"name", "fullname", "nomcomplet", "prenometnom", "nometprenom"}
	firstNames  = []string{"firstname", "fname", "first", "prenom"}
	lastNames   = []string{"lastname", "lname", "last", "nomdefamille", "nom", "surname"}
	langNames   = []string{"lang", "language", "langue", "locale", "preferredlanguage"}
	statusNames = []string{"status", "statut", "etat", "subscriptionstatus", "emailmarketing", "emailmarketingstatus"}

	// In the order of what proves most.
	dateNames = []string{"confirmtime", "optintime", "subscribedat", "subscriptiondate", "dateinscription", "datedinscription",
		"createdat", "addedtime", "startdate"}
	networkNames = []string{"confirmip", "optinip", "ip", "ipaddress", "adresseip"}

	// A true value in one of these, or any value in one of those, says that
	// the person is not to be written to.
	offNames  = []string{"emaildisabled", "blacklisted", "blocklisted", "emailblacklisted", "emailblacklist", "unsubscribed", "desabonne", "bounced"}
	goneNames = []string{"unsubtime", "cleantime", "unsubscribedat", "datededesabonnement", "datededesinscription"}
)

// Values of a status column, folded. One that is in neither list is refused,
// so that a person looks at it.
var (
	onValues = []string{"", "active", "actif", "active", "enabled", "subscribed", "confirmed", "abonne", "abonnee", "inscrit", "inscrite",
		"yes", "oui", "true", "vrai", "1"}
	offValues = []string{"unsubscribed", "desabonne", "desabonnee", "desinscrit", "desinscrite", "disabled", "blocklisted", "blacklisted",
		"blocked", "cleaned", "bounced", "complained", "suppressed", "ecarte", "pending", "unconfirmed", "nonsubscribed", "archived",
		"inactive", "inactif", "enattente", "no", "non", "false", "faux", "0"}
)

// Languages as people call them, folded; tags need no table.
var langValues = map[string]string{
	"francais": "fr", "french": "fr", "anglais": "en", "english": "en", "allemand": "de", "german": "de", "deutsch": "de",
	"espagnol": "es", "spanish": "es", "espanol": "es", "italien": "it", "italian": "it", "italiano": "it",
	"neerlandais": "nl", "dutch": "nl", "nederlands": "nl", "portugais": "pt", "portuguese": "pt", "portugues": "pt",
}

// columns says where in a row the fields are; −1: nowhere.
type columns struct {
	email, name, first, last, lang, status int
	dates, networks, off, gone             []int
	folded                                 []string
}

func findColumns(header []string) (columns, bool) {
	var c columns
	for _, h := range header {
		c.folded = append(c.folded, fold(h))
	}
	c.email, c.name, c.first, c.last = c.find(emailNames), c.find(nameNames), c.find(firstNames), c.find(lastNames)
	c.lang, c.status = c.find(langNames), c.find(statusNames)
	c.dates, c.networks, c.off, c.gone = c.all(dateNames), c.all(networkNames), c.all(offNames), c.all(goneNames)
	return c, c.email >= 0
}

// find is the column with the first of the names that there is.
func (c *columns) find(names []string) int {
	return append(c.all(names), -1)[0]
}

// all are the columns with these names, in the names' order.
func (c *columns) all(names []string) []int {
	var found []int
	for _, name := range names {
		if i := slices.Index(c.folded, name); i >= 0 {
			found = append(found, i)
		}
	}
	return found
}

// service knows a file by columns that only one service writes.
func (c *columns) service() string {
	for _, s := range []struct {
		name  string
		signs []string
	}{
		{"listmonk", []string{"uuid", "attributes", "status"}},
		{"mailchimp", []string{"memberrating", "euid"}},
		{"substack", []string{"activesubscription", "emaildisabled"}},
		{"brevo", []string{"addedtime", "modifiedtime"}},
	} {
		if len(c.all(s.signs)) == len(s.signs) {
			return s.name
		}
	}
	return ""
}

// fold leaves the letters and digits of a name, in lower case and without
// accents: "Adresse e-mail" and "ADRESSE_EMAIL" are one name.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFD.String(s))
}

// fullName is the name in a row: the whole one, or its parts.
func (c *columns) fullName(row []string) string {
	if name := field(row, c.name); strings.TrimSpace(name) != "" {
		return name
	}
	return strings.TrimSpace(strings.TrimSpace(field(row, c.first)) + " " + strings.TrimSpace(field(row, c.last)))
}

// left reports that a row is of somebody who must not be written to. known is
// false for a status that says neither.
func (c *columns) left(row []string) (left, known bool) {
	status := fold(field(row, c.status))
	if slices.Contains(offValues, status) {
		return true, true
	}
	for _, i := range c.off {
		value := fold(field(row, i))
		left = left || value != "" && !slices.Contains(offValues, value)
	}
	for _, i := range c.gone {
		left = left || strings.TrimSpace(field(row, i)) != ""
	}
	return left, slices.Contains(onValues, status)
}

// first is the first of some fields that is not empty.
func first(row []string, columns []int) string {
	for _, i := range columns {
		if value := strings.TrimSpace(field(row, i)); value != "" {
			return value
		}
	}
	return ""
}

func field(row []string, i int) string {
	if i < 0 || i >= len(row) {
		return ""
	}
	return plain(row[i])
}

// excerpt shows the beginning of a row to a person.
func excerpt(row []string) string {
	runes := []rune(strings.Join(row, ", "))
	if len(runes) > 100 {
		return string(runes[:100]) + "…"
	}
	return string(runes)
}
