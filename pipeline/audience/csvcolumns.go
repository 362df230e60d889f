package audience

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Role is what a column is read as.
type Role string

// The roles of columns. Those from RoleStatus on say whether the person is
// subscribed: what the gravest of them says counts.
const (
	RoleNone    Role = "" // not read
	RoleEmail   Role = "email"
	RoleName    Role = "name"
	RoleFirst   Role = "first"
	RoleLast    Role = "last"
	RoleLang    Role = "lang"
	RoleSince   Role = "since"
	RoleNetwork Role = "network"
	RoleStatus  Role = "status" // a word
	RoleOn      Role = "on"     // a yes is a consent, an empty cell is none
	RoleOff     Role = "off"    // whatever is no “no” says that they left
	RoleHint    Role = "hint"   // may be about something else: only a word for leaving counts
)

// Column is one column of a file.
type Column struct {
	Name string
	Role Role
}

// rule gives a role to the headers that match, folded. Of several columns
// with one role the lowest rank comes first.
type rule struct {
	role Role
	rank int
	is   *regexp.Regexp
	not  *regexp.Regexp // nil: no exception
}

// leaving are stems for having left, in headers and in values alike; refusing
// are those of headers that a “yes” below answers.
const (
	leaving = `unsub|desabo|desins|opt(ed)?out|blacklist|blocklist|listenoire|bloqu|blocked|bounce|rebond|` +
		`deleted|supprim|suppress|cleaned|nettoy|complain|plainte|disabled|desactiv|resili|revoke|revoqu|` +
		`invalid|oppos|donot(mail|email|contact|send)|withdr|retraitduconsent|undeliver|unactivated|` +
		`nep(as|lus)(ecrire|contacter|envoyer)|ne(veut|veux|souhaite|desire|recoit)(nt)?(plus|pas)|` +
		`plus(abonn|inscri|de(mail|email|courriel|lettre|newsletter))`
	refusing = `clean|delete|refus|exclud|exclue?s?$|suspend|spam|npai|deced|deceased|onhold|inacti[vf]|(^|[^s])pending|enattente|archived|archivee?$|` +
		`(un|non|not)(confirm|verifi)|^(non|not|pas)(abonn|inscri|subscribed)|pasde(mail|email|courriel|lettre|newsletter|infolettre)|` +
		`^no(bulk)?e?mail(ing)?s?$|^stop|(^|est|date|datede)radi(e|ation)|^left(at|on)?$|^partie?le$|(^|date|motif|raison)(de|du)?depart(le)?$`
)

// The first rule that fits decides. What says that somebody left goes before
// the dates, as in “Désabonné le”, and dates before consent, as in
// “consent_date”.
var rules = sync.OnceValue(func() []rule {
	const (
		owner   = `^(votre|mon|your|the|subscriber|user|contact|member|adherente?|membre)?`
		owned   = `(adherente?s?|membres?|contact|(del)?abonnee?s?)?$`
		when    = `(date|time|horodat|since|depuis|(ed|in|up|e)at$|(ed|in|up)on$|[tei]le$)`
		never   = `birth|naiss|anniv|modif|(^|[^n])updat|misajour|last|dernier|end|fin|expir|echeance|changed`
		kind    = `(subscri|inscri|abonn)`
		mailbox = `(email|mail|courriel|mel)`
	)
	dated := func(stems string) string {
		return `(` + stems + `).*` + when + `|(date|time|horodat|since|depuis).*(` + stems + `)`
	}
	return compile([]pattern{
		{RoleNone, 0, `sms|whatsapp`, `mail`},
		{RoleNone, 0, `^(lien|link|url|taux)|(url|uri|link|lien|hash|token|key|rate)$`, ``},
		{RoleOff, 0, leaving + `|` + refusing, `^debloqu|^unblock|score|^stop(covid|motif)|atoutmoment|atanytime|(accept|recevoir|receive|consen).*(desabo|desins|unsub)`},
		{RoleNetwork, 0, `^confirm.*(ip|ipaddress)$`, ``},
		{RoleNetwork, 1, `^(optin|consent|signup|` + kind + `[a-z]*).*(ip|ipaddress)$`, ``},
		{RoleNetwork, 2, `^(ip|ipaddress|adresseip)$|^ipd`, ``},
		{RoleSince, 0, dated(`confirm`), never},
		{RoleSince, 1, dated(`optin|optedin|consent|rgpd|gdpr`), never},
		{RoleSince, 2, dated(kind), never},
		{RoleSince, 3, dated(`creat|cree|added|ajout|signup|signedup|joined|registered|start`) + `|^(user)?(created|added|joined|signup|signedup|registered)$`, never},
		{RoleSince, 4, `^(date|datetime|dateheure|horodateur|timestamp|submittedat|submissiondate)$`, ``},
		{RoleHint, 0, `^(subscriber|contact)?type$`, ``},
		{RoleNone, 0, `(source|method|text|texte|origine?|form|formulaire|page|version|channel|type|format|domaine?|client|count|label|via|mailsent|mailssent)$|^(origine?|source)d`, ``},
		{RoleStatus, 0, `^(status|statut|etat)s?$|^emailmarketing$`, ``},
		{RoleStatus, 0, `(status|statut|etat).*` + stateOf + `|` + stateOf + `.*(status|statut|etat)`, ``},
		{RoleOn, 0, `optin|optedin|consent|rgpd|gdpr|accept|agree|recevoir|^subscribed(to.*)?$|^reception$`, owner + `(adresse)?` + mailbox + `(pour|ou|surlaquelle)|track|cookie|droitalimage|image|photo|conditions|cg[uv]|reglement|charte`},
		{RoleOn, 0, `^(is|est)?(abonnee?|inscrite?|active?|actif|enabled|confirmed|confirmee?|verified|verifiee?)s?$`, ``},
		{RoleOn, 0, `(` + mailbox + `|subscriber|user|contact)(is|est)?(verified|confirmed|verifiee?|confirmee?|valide?|active?|actif|enabled)$`, ``},
		{RoleOn, 0, `^(abonnee?|inscrite?)s?(a|au|aux)(la|notre|l)?(newsletter|infolettre|lettre|liste|bulletin)`, ``},
		{RoleOn, 0, `^(abonnee?|inscrite?|abonnement|inscription|subscription|envoi|recoit)?(de|a)?(la)?(newsletter|infolettre|lettre|lettredinformation)s?$`, ``},
		{RoleOn, 0, `^(abonnement|inscription|subscription)$`, ``},
		{RoleHint, 0, `status|statut|etat|^state$|^situation$`, ``},
		{RoleEmail, 0, owner + `(adresse|adressede)?(email|mail|courriel|mel|electronique|messagerie)(address)?$`, `^(de)?(electronique|messagerie)$`},
		{RoleEmail, 1, `email|courriel|adressemail|adressemel|adresseelectronique|mail`, `mailing|nombre|^nb`},
		{RoleEmail, 2, `^adresse$`, ``},
		{RoleName, 0, owner + `(name|fullname|displayname|nomcomplet|prenoms?(et)?nom|nom(et)?prenoms?|gecos)` + owned, `^username$`},
		{RoleFirst, 0, owner + `(firstname|fname|first|givenname|prenoms?)` + owned, ``},
		{RoleLast, 0, owner + `(lastname|lname|last|surname|familyname|nom|nomdefamille)` + owned, ``},
		{RoleLang, 0, owner + `(preferred|mail|email|code)?(lang|language|langue|locale)(code|preferee?|parlee|souhaitee|decorrespondance)?$`, ``},
	})
})

// stateOf are the things whose state is that of a subscription.
const stateOf = `(subscri|abonn|inscri|mail|courriel|list|global|marketing|contact|audience|newsletter|infolettre)`

// pattern is a rule as it is written above.
type pattern struct {
	role    Role
	rank    int
	is, not string
}

func compile(patterns []pattern) []rule {
	all := make([]rule, len(patterns))
	for i, p := range patterns {
		all[i] = rule{role: p.role, rank: p.rank, is: regexp.MustCompile(p.is)}
		if p.not != "" {
			all[i].not = regexp.MustCompile(p.not)
		}
	}
	return all
}

// classify is what a column of that name is read as.
func classify(header string) (Role, int) {
	name := fold(header)
	if rest := strings.TrimPrefix(name, "attributes"); rest != "" {
		name = rest
	}
	for _, r := range rules() {
		if r.is.MatchString(name) && (r.not == nil || !r.not.MatchString(name)) {
			return r.role, r.rank
		}
	}
	return RoleNone, 0
}

// columns says where in a row the fields are; −1: nowhere.
type columns struct {
	email, name, first, last, lang int
	dates, networks, states        []int
	roles                          []Role
	folded                         []string
}

// findColumns gives each column its role; ok is false without an address.
func findColumns(header []string, ignored []int) (c columns, ok bool) {
	ranks := make([]int, len(header))
	c.roles = make([]Role, len(header))
	for i, h := range header {
		c.folded = append(c.folded, fold(h))
		if !slices.Contains(ignored, i) {
			c.roles[i], ranks[i] = classify(h)
		}
	}
	c.email, c.name, c.first = c.one(RoleEmail, ranks), c.one(RoleName, ranks), c.one(RoleFirst, ranks)
	c.last, c.lang = c.one(RoleLast, ranks), c.one(RoleLang, ranks)
	c.dates, c.networks = c.all(RoleSince, ranks), c.all(RoleNetwork, ranks)
	for _, role := range []Role{RoleStatus, RoleOn, RoleOff, RoleHint} {
		c.states = append(c.states, c.all(role, ranks)...)
	}
	return c, c.email >= 0
}

// all are the columns with a role, by rank.
func (c *columns) all(role Role, ranks []int) []int {
	var found []int
	for i, r := range c.roles {
		if r == role {
			found = append(found, i)
		}
	}
	slices.SortStableFunc(found, func(a, b int) int { return cmp.Compare(ranks[a], ranks[b]) })
	return found
}

// one is the column with a role that counts; the others are not read.
func (c *columns) one(role Role, ranks []int) int {
	found := c.all(role, ranks)
	if len(found) == 0 {
		return -1
	}
	for _, i := range found[1:] {
		c.roles[i] = RoleNone
	}
	return found[0]
}

// service knows a file by columns that only one service writes.
func (c *columns) service() string {
	for _, s := range []struct {
		name  string
		signs []string
	}{
		{"listmonk", []string{"uuid", "attributes", "status"}},
		{"Mailchimp", []string{"memberrating", "euid"}},
		{"Substack", []string{"activesubscription", "emaildisabled"}},
		{"Brevo", []string{"addedtime", "modifiedtime"}},
		{"Ghost", []string{"subscribedtoemails"}},
		{"MailPoet", []string{"liststatus", "globalstatus"}},
		{"Sympa", []string{"reception", "gecos"}},
	} {
		if !slices.ContainsFunc(s.signs, func(sign string) bool { return !slices.Contains(c.folded, sign) }) {
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
func excerpt(row ...string) string {
	runes := []rune(strings.Join(row, ", "))
	if len(runes) > 100 {
		return string(runes[:100]) + "…"
	}
	return string(runes)
}
