package mailrules

import (
	"maps"
	"mime"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/infolettre/infolettre/pipeline/loopback"
)

const (
	narrowSpace = "\u202f" // many mail clients lack its glyph, and show a box

	subjectLimit = 60 // visible characters; phones show about forty
)

var (
	everyMail    = []string{"From", "To", "Subject", "Date", "Message-ID", "MIME-Version"}
	issueMail    = []string{"List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Precedence", "Feedback-ID"}
	softwareName = []string{"User-Agent", "X-Mailer", "X-Generator", "X-Originating-IP", "X-PHP-Script"}
)

// checkPresence: RFC 5322 §3.6 allows each of these once.
func checkPresence(f *findings, m message, o Options) {
	wanted := everyMail
	if o.Confirmation {
		wanted = append(slices.Clone(wanted), "Auto-Submitted")
	} else {
		wanted = append(slices.Clone(wanted), issueMail...)
	}
	for _, name := range wanted {
		if strings.TrimSpace(m.header.Get(name)) == "" {
			f.add("mail-header-missing", name, "Name", name)
		}
	}
	if !o.Confirmation && m.header.Get("List-Help") == "" && m.header.Get("List-Owner") == "" {
		f.add("mail-header-missing", "List-Help", "Name", "List-Help")
	}
	for _, name := range append(wanted, "Reply-To", "List-Help", "List-Owner") {
		if len(m.header.Values(name)) > 1 {
			f.add("mail-header-repeated", name, "Name", name)
		}
	}
}

// freemail are domains whose owners let nobody else send: their DMARC
// policy refuses the mail, and SpamAssassin adds a point.
var freemail = []string{
	"gmail.com", "googlemail.com", "yahoo.com", "yahoo.fr", "hotmail.com", "hotmail.fr", "outlook.com", "outlook.fr",
	"live.com", "live.fr", "msn.com", "aol.com", "icloud.com", "me.com", "gmx.com", "gmx.fr", "gmx.de", "web.de", "orange.fr",
	"wanadoo.fr", "free.fr", "sfr.fr", "neuf.fr", "bbox.fr", "laposte.net", "proton.me", "protonmail.com", "mail.com", "mail.ru",
}

func checkAddresses(f *findings, m message, _ Options) {
	for _, name := range []string{"Cc", "Bcc"} {
		if m.header.Values(name) != nil {
			f.add("mail-header-recipients", name, "Name", name)
		}
	}
	for _, name := range []string{"From", "To", "Reply-To"} {
		value := m.header.Get(name)
		if value == "" {
			continue
		}
		list, err := mail.ParseAddressList(value)
		if err != nil || len(list) != 1 {
			f.add("mail-address", name+": "+value, "Name", name)
			continue
		}
		if domain := domainOf(list[0].Address); name != "To" && slices.Contains(freemail, domain) {
			f.add("mail-address-freemail", name+": "+value, "Name", name, "Domain", domain)
		}
	}
}

func domainOf(address string) string {
	return strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
}

// encodedWord is RFC 2047 §2; one word is at most 75 characters long.
var encodedWord = regexp.MustCompile(`=\?[!-~]*?\?[QqBb]\?[!->@-~]*\?=`)

func checkSubject(f *findings, m message, _ Options) {
	raw := m.header.Get("Subject")
	subject, err := new(mime.WordDecoder).DecodeHeader(raw)
	if err != nil || !utf8.ValidString(subject) || strings.Contains(subject, "=?") || strings.ContainsFunc(subject, unicode.IsControl) || longWord(raw) {
		f.add("mail-subject-encoding", raw)
	}
	if n := utf8.RuneCountInString(subject); n > subjectLimit {
		f.add("mail-subject-length", subject, "Length", n, "Limit", subjectLimit)
	}
	if strings.Contains(subject, narrowSpace) {
		f.add("mail-subject-space", subject)
	}
	if shouts(subject) {
		f.add("mail-subject-capitals", subject)
	}
}

func longWord(raw string) bool {
	return slices.ContainsFunc(encodedWord.FindAllString(raw, -1), func(word string) bool { return len(word) > 75 })
}

// shouts reports capitals throughout; one short word may be an acronym.
func shouts(s string) bool {
	letters := 0
	for _, r := range s {
		if unicode.IsLower(r) {
			return false
		}
		if unicode.IsUpper(r) {
			letters++
		}
	}
	return letters > 6
}

// messageID is the common part of RFC 5322 §3.6.4: <dot-atom@domain>.
var messageID = regexp.MustCompile("^<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@([A-Za-z0-9.-]+)>$")

// checkIdentity wants the Message-ID at the sending domain: any other shows
// the name of a machine.
func checkIdentity(f *findings, m message, _ Options) {
	if date := m.header.Get("Date"); date != "" {
		if _, err := mail.ParseDate(date); err != nil {
			f.add("mail-date", date)
		}
	}
	id := m.header.Get("Message-ID")
	if id == "" {
		return
	}
	match := messageID.FindStringSubmatch(id)
	from, err := mail.ParseAddress(m.header.Get("From"))
	if match == nil || err == nil && !sameSite(strings.ToLower(match[1]), domainOf(from.Address)) {
		f.add("mail-message-id", id)
	}
}

// sameSite reports whether one domain is the other, or lies within it.
func sameSite(a, b string) bool {
	return a == b || strings.HasSuffix(a, "."+b) || strings.HasSuffix(b, "."+a)
}

// listID is RFC 2919 §3 with its label in plain ASCII: servers and filters
// compare it as it stands, and encoded labels confuse them.
var listID = regexp.MustCompile(`^(?:[^<>=]* )?<[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+>$`)

// feedbackID is Google's: up to three names, then the sender's.
var feedbackID = regexp.MustCompile(`^(?:[^:\s]*:){0,3}[^:\s]+$`)

func checkList(f *findings, m message, o Options) {
	if id := m.header.Get("List-Id"); id != "" && !listID.MatchString(id) {
		f.add("mail-list-id", id)
	}
	if id := m.header.Get("Feedback-ID"); id != "" && !feedbackID.MatchString(id) {
		f.add("mail-feedback-id", id)
	}
	if precedence := m.header.Get("Precedence"); !o.Confirmation && precedence != "" && precedence != "bulk" {
		f.add("mail-precedence", precedence)
	}
}

// checkUnsubscribe is RFC 8058 §3.1: an https URI, a mailto for older
// clients, and one fixed value.
func checkUnsubscribe(f *findings, m message, _ Options) {
	if value := m.header.Get("List-Unsubscribe"); value != "" {
		targets := bracketed(value)
		// The address is for those who have one for it; RFC 8058 asks for the URL.
		if len(targets) == 0 || !secure(targets[0]) || len(targets) > 1 && !strings.HasPrefix(targets[1], "mailto:") {
			f.add("mail-unsubscribe-header", value)
		}
	}
	if value := m.header.Get("List-Unsubscribe-Post"); value != "" && value != "List-Unsubscribe=One-Click" {
		f.add("mail-one-click", value)
	}
}

// secure reports a https URL, or a plain one that never leaves the machine.
func secure(target string) bool {
	u, err := url.Parse(target)
	if err != nil || u.Host == "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && loopback.Named(u.Hostname())
}

// checkAutomation: RFC 3834 §5 keeps responders from answering a program.
func checkAutomation(f *findings, m message, o Options) {
	if value := m.header.Get("Auto-Submitted"); o.Confirmation && value != "" && value != "auto-generated" {
		f.add("mail-auto-submitted", value)
	}
}

// localNames end the names of machines that no reader can reach.
var localNames = regexp.MustCompile(`(?i)(?:\blocalhost|\.localdomain|\.local|\.internal|\.lan)\b`)

func checkLeaks(f *findings, m message, o Options) {
	for _, name := range softwareName {
		if m.header.Values(name) != nil {
			f.add("mail-header-software", name, "Name", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.header)) {
		value := strings.Join(m.header.Values(name), " ")
		leak := slices.ContainsFunc(o.Hosts, func(host string) bool {
			return host != "" && strings.Contains(strings.ToLower(value), strings.ToLower(host))
		})
		if leak || name == "Message-Id" && localNames.MatchString(value) {
			f.add("mail-host-leak", name+": "+value, "Name", name)
		}
	}
}
