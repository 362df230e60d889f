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

// Locale is one language's words. A message is read when it is first asked
// for, since a command says few of them; the methods are safe for concurrent
// use.
type Locale struct {
	tag   language.Tag
	texts map[string]string // id → its forms, as TOML

	mu        sync.RWMutex
	bundle    *i18n.Bundle
	localizer *i18n.Localizer
	plural    map[string]bool // id of a message that was read → it has more than one form
}

// Load cuts every active.<tag>.toml of fsys into its messages. fallback is the
// language used where a tag is unknown.
func Load(fsys fs.FS, fallback string) (*Catalogue, error) {
	names, err := fs.Glob(fsys, "active.*.toml")
	if err != nil {
		return nil, fmt.Errorf("list catalogues: %w", err)
	}
	files := map[string]map[string]string{}
	for _, name := range names {
		tag := strings.TrimSuffix(strings.TrimPrefix(name, "active."), ".toml")
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read catalogue: %w", err)
		}
		files[tag] = cut(string(data))
	}
	if files[fallback] == nil {
		return nil, fmt.Errorf("no catalogue for %s", fallback)
	}
	c := &Catalogue{locales: map[string]*Locale{}, fallback: fallback, tags: slices.Sorted(maps.Keys(files))}
	for _, tag := range c.tags {
		if c.locales[tag], err = newLocale(tag, files); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// cut finds the messages of a catalogue, of which each begins with a line
// ["id"]: to read all of them takes longer than many a command.
func cut(catalogue string) map[string]string {
	texts := map[string]string{}
	for i, piece := range strings.Split("\n"+catalogue, "\n[\"") {
		if id, forms, ok := strings.Cut(piece, `"]`); ok && i > 0 {
			texts[id] = forms
		}
	}
	return texts
}

// newLocale lays a variant over its parent, because go-i18n itself would
// fall back from fr-CA to the default language rather than to fr.
func newLocale(tag string, files map[string]map[string]string) (*Locale, error) {
	parsed, err := language.Parse(tag)
	if err != nil {
		return nil, fmt.Errorf("catalogue %s: %w", tag, err)
	}
	texts := files[tag]
	if parent, _, ok := strings.Cut(tag, "-"); ok {
		texts = maps.Clone(files[parent])
		maps.Copy(texts, files[tag])
	}
	bundle := i18n.NewBundle(parsed)
	return &Locale{tag: parsed, texts: texts, bundle: bundle, localizer: i18n.NewLocalizer(bundle, tag), plural: map[string]bool{}}, nil
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
	tag, ok = Nearest(tag, func(tag string) bool { return c.locales[tag] != nil })
	return c.locales[tag], ok
}

// Nearest is the first of a tag and its parents that is known: fr for fr-CA.
func Nearest(tag string, known func(tag string) bool) (nearest string, ok bool) {
	for tag = Canonical(tag); tag != "" && !known(tag); {
		tag = tag[:max(strings.LastIndexByte(tag, '-'), 0)]
	}
	return tag, tag != ""
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

// OpenGraph writes a language tag as og:locale wants it, language_TERRITORY
// (https://ogp.me): fr_CA for fr-CA, and fr_FR for fr, where it is most at
// home. "" when no territory is known.
func OpenGraph(tag string) string {
	if tag = Canonical(tag); tag == "" {
		return ""
	}
	parsed := language.Make(tag)
	base, _ := parsed.Base()
	territory, _ := parsed.Region()
	if !territory.IsCountry() {
		return ""
	}
	return base.String() + "_" + territory.String()
}

// Tag is the language's BCP 47 tag.
func (l *Locale) Tag() string { return l.tag.String() }

// Has reports whether the language has a message of that id.
func (l *Locale) Has(id string) bool {
	_, ok := l.texts[id]
	return ok
}

// read makes a message known to the bundle.
func (l *Locale) read(id string) (plural bool, err error) {
	l.mu.RLock()
	plural, known := l.plural[id]
	l.mu.RUnlock()
	if known {
		return plural, nil
	}
	text, ok := l.texts[id]
	if !ok {
		return false, fmt.Errorf("%s: no message %q", l.tag, id)
	}
	var m i18n.Message
	if err := toml.Unmarshal([]byte(text), &m); err != nil {
		return false, fmt.Errorf("%s: message %q: %w", l.tag, id, err)
	}
	m.ID = id
	l.mu.Lock()
	defer l.mu.Unlock()
	l.plural[id] = m.One != "" || m.Many != ""
	return l.plural[id], l.bundle.AddMessages(l.tag, &m)
}

// T returns a message. args are pairs of name and value; a value named Count
// chooses the plural form where there are several, and a time is written as its
// day. A message that does not exist shows its id: it is
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
	plural, err := l.read(id)
	if err != nil {
		return "", err
	}
	config := &i18n.LocalizeConfig{MessageID: id, TemplateData: l.shown(data)}
	if n, ok := data["Count"]; ok && plural {
		config.PluralCount = n
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	text, err := l.localizer.Localize(config)
	if err != nil {
		return text, fmt.Errorf("%s: message %q: %w", l.tag, id, err)
	}
	return text, nil
}

// shown writes the arguments of a message as its readers do.
func (l *Locale) shown(data map[string]any) map[string]any {
	shown := maps.Clone(data)
	for name, value := range data {
		if t, ok := value.(time.Time); ok {
			shown[name] = l.Date("short", t)
		} else if name == "Count" {
			shown[name] = l.number(value)
		}
	}
	return shown
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

// Check reports what would go wrong only later: a message that cannot be read,
// or that one language has and another lacks.
func (c *Catalogue) Check() error {
	var errs []error
	all := map[string]string{}
	for _, l := range c.locales {
		maps.Copy(all, l.texts)
	}
	for _, tag := range c.tags {
		l := c.locales[tag]
		for _, id := range slices.Sorted(maps.Keys(all)) {
			if !l.Has(id) && (strings.HasPrefix(id, "date.day.") || id == "date.clock.full-hour") {
				continue // a language has them only where its usage needs them
			}
			_, err := l.read(id)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
