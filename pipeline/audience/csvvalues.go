package audience

import (
	"cmp"
	"regexp"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/language"
)

// meaning is what a cell says about a subscription.
type meaning int

const (
	unclear meaning = iota
	nothing         // an empty cell
	no
	yes
	stays // a word for being subscribed
	waits // a word for not being subscribed yet
	gone  // a word for having left
	date
	number // that is no date: a count
)

// words are the values of columns of state, folded; the first that fits
// decides. What fits none is unclear, so that a person looks at it.
var words = sync.OnceValue(func() []word {
	return []word{
		{nothing, regexp.MustCompile(`^(null|nil|na|nsp|sansobjet)?$`)},
		{no, regexp.MustCompile(`^(no|non|false|faux|0+|n|f|never|jamais|none|aucune?|off|nan|nonmerci|nothanks)$` +
			`|^(jenesouhaite|jenaccepte|jerefuse|idonot|idont)`)},
		{yes, regexp.MustCompile(`^(yes|oui|true|vrai|1|y|o|t|x|on|coche|checked)$|^(oui|yes)?(jaccepte|jesouhaite|jeveux|iagree|iaccept|iwant|iconsent)`)},
		{stays, regexp.MustCompile(`^(active?|actif|activee?|enabled|subscribed|subscriber|confirmed|confirmee?|abonnee?|inscrite?|` +
			`(double|single)?opt(ed)?in|verified|verifiee?|express|implied|valide?|validee?|reachable|clean|ok|free|paid|comped|accept(ed|ee?)?|agreed?|granted|` +
			`mail|digest|digestplain|summary|notice|txt|html|urlize|notme)$`)},
		{waits, regexp.MustCompile(`^(not?|non|pas|jamais|never|hasnever)(yet)?(subscri|abonn|inscri|confirm|opt|verif|valid|activ|actif|reachable)` +
			`|^(pending|awaiting|enattente)|^(unconfirmed|unverified|unactivated|validating|aconfirmer|transactional)$`)},
		{stays, regexp.MustCompile(`^(not?|non|pas|jamais|never)(` + leaving + `)|^debloqu|^unblock`)},
		{gone, regexp.MustCompile(leaving)},
		{gone, regexp.MustCompile(`^(inactive?|inactif|dormant|archived?|archivee?|` +
			`expired|expiree?|erased|effacee?|purged?|removed|retiree?|cancell?ed|annulee?|suspended|suspendue?|paused|enpause|` +
			`unreachable|injoignable|undeliverable|npai|spam.*|junk|abuse.*|hard|soft|(hard|soft)bounces?|reported|` +
			`ecartee?|exclue?|excluded|radiee?|quittee?|partie?|left|gone|stop(ped)?|refusee?|rejetee?|rejected|declined|denied|` +
			`nomail|noemail|forgotten|oubliee?)$`)},
	}
})

type word struct {
	means meaning
	is    *regexp.Regexp
}

// maxWord is the length of a value that can be one: what is longer is a text
// about something.
const maxWord = 60

// meaningOf reads one cell.
func meaningOf(value string) meaning {
	value = strings.TrimSpace(value)
	digits, letters, zeros := 0, 0, 0
	for _, r := range value {
		switch {
		case r == '0':
			zeros++
			digits++
		case unicode.IsDigit(r):
			digits++
		case r != 'T' && r != 'Z' && unicode.IsLetter(r):
			letters++
		}
	}
	switch {
	case strings.HasPrefix(value, "1970-01-01"), strings.HasPrefix(value, "0001-01-01"), digits > 0 && digits == zeros && letters == 0:
		return no
	case digits >= 4 && letters == 0:
		return date
	case digits > 1 && letters == 0, digits == 1 && letters == 0 && !strings.Contains("01", strings.TrimSpace(value)):
		return number
	case len(value) > maxWord:
		return unclear
	case strings.ContainsAny(value, "✓✔☑✅"):
		return yes
	}
	folded := fold(value)
	for _, w := range words() {
		if w.is.MatchString(folded) {
			return w.means
		}
	}
	if digits >= 4 { // "12 mars 2024"
		return date
	}
	return unclear
}

// verdict is what a row's columns say of the person, the gravest last.
type verdict int

const (
	subscribed verdict = iota
	doubtful           // only a person can decide
	lacking            // no consent, or none yet
	departed
)

// says is what a cell says in a column of a role.
func says(role Role, m meaning) verdict {
	switch {
	case role == RoleOff && (m == nothing || m == no || m == stays):
		return subscribed
	case role == RoleOff && m == unclear: // a reason, perhaps, or a remark
		return doubtful
	case role == RoleOff, m == gone:
		return departed
	case m == waits, m == no && role != RoleHint, m == nothing && role == RoleOn:
		return lacking
	case (m == unclear || m == number) && role != RoleHint, m == date && role == RoleStatus:
		return doubtful
	}
	return subscribed
}

// languages as people call them, folded; tags need no table.
var languages = map[string]string{
	"francais": "fr", "french": "fr", "anglais": "en", "english": "en", "allemand": "de", "german": "de", "deutsch": "de",
	"espagnol": "es", "spanish": "es", "espanol": "es", "italien": "it", "italian": "it", "italiano": "it",
	"neerlandais": "nl", "dutch": "nl", "nederlands": "nl", "portugais": "pt", "portuguese": "pt", "portugues": "pt",
}

// ParseLanguage reads a language as people and systems write it: a tag such as
// "fr-CA", "fr_FR.UTF-8", "Français" or "French (France)".
func ParseLanguage(s string) (tag string, ok bool) {
	name, _, _ := strings.Cut(s, "(")
	code, _, _ := strings.Cut(strings.TrimSpace(s), ".")
	code, _, _ = strings.Cut(code, "@")
	parsed, err := language.Parse(cmp.Or(languages[fold(name)], strings.ReplaceAll(code, "_", "-")))
	if err != nil {
		return "", false
	}
	return parsed.String(), true
}
