// Package locales holds every word people read, in each language, and chooses among them.
package locales

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Files are the catalogues built into the program: active.<tag>.toml.
// A variant such as fr-CA holds only what differs from fr.
//
//go:embed active.*.toml
var Files embed.FS

// Catalogue is the set of languages the program can speak.
type Catalogue struct {
	locales  map[string]*Locale
	tags     []string
	fallback string
}

// Locale is one language's words, read when the first of them is asked for: a
// command speaks one language or two. Its methods are safe for concurrent use.
type Locale struct {
	tag  string
	read func() (messages, error)
}

// messages are the words of a language.
type messages struct {
	localizer *i18n.Localizer
	plural    map[string]bool // every id → it has more than one form
}

// Load knows the languages from the active.<tag>.toml of fsys. fallback is the
// one used where a tag is unknown. What is wrong inside a file is seen as a
// missing message is, and told by Localize and Check.
func Load(fsys fs.FS, fallback string) (*Catalogue, error) {
	names, err := fs.Glob(fsys, "active.*.toml")
	if err != nil {
		return nil, fmt.Errorf("list catalogues: %w", err)
	}
	files := map[string]func() (map[string]any, error){}
	c := &Catalogue{locales: map[string]*Locale{}, fallback: fallback}
	for _, name := range names {
		tag := strings.TrimSuffix(strings.TrimPrefix(name, "active."), ".toml")
		files[tag] = sync.OnceValues(func() (map[string]any, error) { return parse(fsys, name) })
		c.locales[tag] = &Locale{tag, sync.OnceValues(func() (messages, error) { return lay(tag, files) })}
	}
	if files[fallback] == nil {
		return nil, fmt.Errorf("no catalogue for %s", fallback)
	}
	c.tags = slices.Sorted(maps.Keys(files))
	return c, nil
}

func parse(fsys fs.FS, name string) (map[string]any, error) {
	texts := map[string]any{}
	if _, err := toml.DecodeFS(fsys, name, &texts); err != nil {
		return nil, fmt.Errorf("parse catalogue %s: %w", name, err)
	}
	return texts, nil
}

// lay lays a variant over its parent, because go-i18n itself would fall back
// from fr-CA to the default language rather than to fr.
func lay(tag string, files map[string]func() (map[string]any, error)) (messages, error) {
	texts := map[string]any{}
	parent, _, _ := strings.Cut(tag, "-")
	for _, file := range slices.Compact([]string{parent, tag}) {
		if files[file] == nil {
			continue
		}
		own, err := files[file]()
		if err != nil {
			return messages{}, err
		}
		maps.Copy(texts, own)
	}
	parsed, err := language.Parse(tag)
	if err != nil {
		return messages{}, fmt.Errorf("catalogue %s: %w", tag, err)
	}
	bundle := i18n.NewBundle(parsed)
	m := messages{i18n.NewLocalizer(bundle, tag), map[string]bool{}}
	for id, forms := range texts {
		message, err := i18n.NewMessage(forms)
		if err != nil {
			return messages{}, fmt.Errorf("catalogue %s: message %s: %w", tag, id, err)
		}
		message.ID = id
		if err := bundle.AddMessages(parsed, message); err != nil {
			return messages{}, fmt.Errorf("catalogue %s: message %s: %w", tag, id, err)
		}
		m.plural[id] = message.One != "" || message.Many != ""
	}
	return m, nil
}

// Tags lists the languages, sorted.
func (c *Catalogue) Tags() []string { return slices.Clone(c.tags) }

// Locale returns the words of the nearest language: the tag itself, its
// parent, or the fallback.
func (c *Catalogue) Locale(tag string) *Locale {
	if l, ok := c.Match(tag); ok {
		return l
	}
	return c.locales[c.fallback]
}

// Match is Locale without the last resort: ok is false for a language the
// catalogue does not have.
func (c *Catalogue) Match(tag string) (l *Locale, ok bool) {
	tag = Canonical(tag)
	for tag != "" {
		if l := c.locales[tag]; l != nil {
			return l, true
		}
		i := strings.LastIndexByte(tag, '-')
		tag = tag[:max(i, 0)]
	}
	return nil, false
}

// Canonical writes a language tag as BCP 47 does: "fr_ca.UTF-8" is "fr-CA".
// What is not a tag gives "".
func Canonical(tag string) string {
	tag, _, _ = strings.Cut(tag, ".")
	parsed, err := language.Raw.Parse(strings.ReplaceAll(strings.TrimSpace(tag), "_", "-"))
	if err != nil || parsed == language.Und {
		return ""
	}
	return parsed.String()
}

// Tag is the language's BCP 47 tag.
func (l *Locale) Tag() string { return l.tag }

// Has reports whether the language has a message of that id.
func (l *Locale) Has(id string) bool {
	m, _ := l.read()
	_, ok := m.plural[id]
	return ok
}

// T returns a message. args are pairs of name and value; a value named Count
// chooses the plural form where there are several. A message that does not exist shows its id: it is
// seen, and nothing breaks.
func (l *Locale) T(id string, args ...any) string {
	data := make(map[string]any, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		data[fmt.Sprint(args[i])] = args[i+1]
	}
	return l.Format(id, data)
}

// Format is T with its arguments as a map.
func (l *Locale) Format(id string, data map[string]any) string {
	text, err := l.Localize(id, data)
	if err != nil && text == "" {
		return id
	}
	return text
}

// Localize is Format for callers that must know of a missing message or
// plural form.
func (l *Locale) Localize(id string, data map[string]any) (string, error) {
	m, err := l.read()
	if err != nil {
		return "", err
	}
	plural, ok := m.plural[id]
	if !ok {
		return "", fmt.Errorf("%s: no message %q", l.tag, id)
	}
	config := &i18n.LocalizeConfig{MessageID: id, TemplateData: data}
	if n, ok := data["Count"]; ok {
		if plural {
			config.PluralCount = n
		}
		shown := maps.Clone(data)
		shown["Count"] = l.number(n)
		config.TemplateData = shown
	}
	text, err := m.localizer.Localize(config)
	if err != nil {
		return text, fmt.Errorf("%s: message %q: %w", l.tag, id, err)
	}
	return text, nil
}

// number groups thousands as the language does: 200 000, 200,000.
func (l *Locale) number(n any) any {
	v, ok := n.(int)
	if !ok {
		return n
	}
	return l.Number(v)
}

// Number writes an integer with the language's separator of thousands, for
// five digits and more.
func (l *Locale) Number(n int) string {
	digits := fmt.Sprint(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	if len(digits) < 5 {
		return sign + digits
	}
	separator := l.plain("number.thousands")
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + separator + digits[i:]
	}
	return sign + digits
}

// plain is a message without arguments, "" when there is none.
func (l *Locale) plain(id string) string {
	if !l.Has(id) {
		return ""
	}
	return l.T(id)
}

// Date formats t, in its own zone, by the pattern message "date.<style>":
// long (jeudi 20 février 2025), dateline (Jeudi 20 février 2025, 11 h),
// moment (jeudi 20 février 2025 à 11 h), short (20 février 2025).
func (l *Locale) Date(style string, t time.Time) string {
	day := fmt.Sprint(t.Day())
	if special := l.plain("date.day." + day); special != "" {
		day = special
	}
	weekday := l.T(fmt.Sprintf("date.weekday.%d", int(t.Weekday())))
	return l.T("date."+style,
		"Weekday", weekday, "WeekdayTitle", title(weekday), "Day", day,
		"Month", l.T(fmt.Sprintf("date.month.%d", int(t.Month()))), "Year", t.Format("2006"),
		"Time", l.clock(t))
}

func (l *Locale) clock(t time.Time) string {
	id := "date.clock"
	if t.Minute() == 0 && l.Has("date.clock.full-hour") {
		id = "date.clock.full-hour"
	}
	return l.T(id, "Hour", fmt.Sprint(t.Hour()), "Hour12", t.Format("3"), "Minute", t.Format("04"), "Half", t.Format("pm"))
}

// title makes the first letter a capital.
func title(s string) string {
	for i, r := range s {
		return strings.ToUpper(string(r)) + s[i+len(string(r)):]
	}
	return s
}

// Check reports what would go wrong only later: a file that cannot be read,
// and a message that one language has and another lacks.
func (c *Catalogue) Check() error {
	var errs []error
	all := map[string]bool{}
	for _, tag := range c.tags {
		m, err := c.locales[tag].read()
		errs = append(errs, err)
		maps.Copy(all, m.plural)
	}
	for _, tag := range c.tags {
		for _, id := range slices.Sorted(maps.Keys(all)) {
			if strings.HasPrefix(id, "date.day.") || id == "date.clock.full-hour" {
				continue // a language has them only where its usage needs them
			}
			if !c.locales[tag].Has(id) {
				errs = append(errs, fmt.Errorf("%s: no message %q", tag, id))
			}
		}
	}
	return errors.Join(errs...)
}
