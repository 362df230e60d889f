package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/web"
)

// Whoever asks, the answer has the same status, headers and bytes, and the
// database is written to as often; only the mail differs.
func TestAnswersTellNothing(t *testing.T) {
	s := newSite(t)
	s.reader("active@exemple.fr", audience.Active)
	s.reader("pending@exemple.fr", audience.Pending)
	s.reader("gone@exemple.fr", audience.Unsubscribed)
	s.reader("suppressed@exemple.fr", audience.Suppressed)
	fields := s.filled("")
	var first answer
	for i, test := range []struct {
		address string
		kind    audience.MailKind
	}{
		{"new@exemple.fr", audience.MailConfirm}, {"active@exemple.fr", audience.MailKnown}, {"pending@exemple.fr", audience.MailConfirm},
		{"gone@exemple.fr", audience.MailConfirm}, {"suppressed@exemple.fr", ""}, {"NEW@exemple.fr", ""},
	} {
		fields.Set("address", test.address)
		r := form("/subscribe?lang=fr", fields)
		r.RemoteAddr = fmt.Sprintf("198.51.%d.7:1234", i)
		got := s.do(r)
		if i == 0 {
			first = got
		}
		if got.status != http.StatusOK || got.body != first.body || fmt.Sprint(got.header) != fmt.Sprint(first.header) {
			t.Errorf("%s: %d %v, %d bytes; the first: %d %v, %d bytes", test.address, got.status, got.header, len(got.body), first.status, first.header, len(first.body))
		}
		var kinds []audience.MailKind
		for _, m := range s.mails() {
			kinds = append(kinds, m.Kind)
		}
		if want := []audience.MailKind{test.kind}; test.kind == "" && len(kinds) > 0 || test.kind != "" && !slices.Equal(kinds, want) {
			t.Errorf("%s: mails %v, want %q", test.address, kinds, test.kind)
		}
	}
	if !strings.Contains(first.body, "Vérifiez votre messagerie") {
		t.Errorf("got %s", first.body)
	}
}

// What is kept is the text that the page showed.
func TestConsentIsWhatWasShown(t *testing.T) {
	s := newSite(t)
	shown := s.get("/subscribe?lang=en").body
	fields := s.filled("zoe@exemple.fr")
	fields.Set("language", "en")
	if got := s.post("/subscribe?lang=en", fields); got.status != http.StatusOK || !strings.Contains(got.body, "Check your inbox") {
		t.Fatalf("%d %s", got.status, got.body)
	}
	mail := s.mails()[0]
	if mail.Lang != "en" {
		t.Errorf("the mail is in %q", mail.Lang)
	}
	token := s.signer.TokenAt(audience.Confirm, mail.Subscriber, s.now)
	page := s.get("/c/" + token + "?lang=en").body
	if got := s.post("/c/"+token+"?lang=en", nil); got.status != http.StatusOK || !strings.Contains(got.body, "Welcome!") {
		t.Fatalf("%d %s", got.status, got.body)
	}
	records, err := s.store.Records(context.Background(), mail.Subscriber)
	if err != nil || len(records) != 2 {
		t.Fatalf("%+v, %v", records, err)
	}
	for i, want := range []struct {
		event  audience.Event
		origin audience.Origin
		page   string
	}{{audience.Requested, audience.Form, shown}, {audience.Confirmed, audience.Link, page}} {
		got := records[i]
		if got.Event != want.event || got.Origin != want.origin || got.Lang != "en" || got.Network != "192.0.2.0/24" || got.Text == "" {
			t.Errorf("%+v", got)
		}
		for part := range strings.SplitSeq(got.Text, "\n\n") {
			if !strings.Contains(want.page, ">"+part+"<") {
				t.Errorf("%s: %q was not on the page", got.Event, part)
			}
		}
	}
}

// Somebody who left is asked for again, in English: that takes effect for who
// confirms it on an English page, and for nobody else.
func TestLanguageIsThatOfTheConfirmation(t *testing.T) {
	for _, test := range []struct{ before, page, want string }{
		{"fr", "en", "en"}, {"fr", "fr", "fr"}, {"fr-CA", "fr", "fr-CA"}, {"fr-CA", "en", "en"}, {"de", "fr", "fr"},
	} {
		s := newSite(t)
		id := s.reader("zoe@exemple.fr", audience.Unsubscribed)
		s.exec(`UPDATE subscribers SET lang = ?`, test.before)
		known := func(lang string) {
			t.Helper()
			if sub, err := s.store.Subscriber(t.Context(), id); err != nil || sub.Name != "Zoé" || sub.Lang != lang {
				t.Errorf("%+v: %q reads %s, %v, want %s", test, sub.Name, sub.Lang, err, lang)
			}
		}
		fields := s.filled("zoe@exemple.fr")
		fields.Set("language", "en")
		s.post("/subscribe?lang=en", fields)
		if mails := s.mails(); len(mails) != 1 || mails[0].Lang != "en" {
			t.Errorf("mails: %+v", mails)
		}
		known(test.before)
		s.post("/c/"+s.signer.TokenAt(audience.Confirm, id, s.now)+"?lang="+test.page, nil)
		known(test.want)
	}
}

// What cannot be an address, and what no person sent, comes back with the
// typed value, and nothing is written.
func TestRefusedInPlace(t *testing.T) {
	s := newSite(t)
	before := s.dump()
	with := func(change func(url.Values)) url.Values {
		fields := s.filled("zoe@exemple.fr")
		change(fields)
		return fields
	}
	served := func(p audience.Purpose, ago time.Duration) url.Values {
		return with(func(f url.Values) { f.Set("served", s.signer.TokenAt(p, audience.ID{}, thursday.Add(time.Hour-ago))) })
	}
	tests := map[string]struct {
		fields url.Values
		want   string
	}{
		"no address":         {s.filled(""), `aria-invalid="true"`},
		"no domain":          {s.filled("zoe@exemple"), `value="zoe@exemple"`},
		"script":             {s.filled(`"><script>@exemple.fr`), `value="&#34;&gt;&lt;script&gt;@exemple.fr"`},
		"accent":             {s.filled("zoé@exemple.fr"), "lettres sans accent"},
		"two lines":          {s.filled("zoe@exemple.fr\r\nBcc: x@exemple.fr"), `aria-invalid="true"`},
		"hidden field":       {with(func(f url.Values) { f.Set("topic", "1") }), "Appuyez de nouveau"},
		"no time":            {with(func(f url.Values) { f.Del("served") }), `value="zoe@exemple.fr"`},
		"forged time":        {with(func(f url.Values) { f.Set("served", strings.Repeat("A", 56)) }), "Appuyez de nouveau"},
		"too fast":           {served(audience.Served, time.Second), "Appuyez de nouveau"},
		"too old":            {served(audience.Served, 25*time.Hour), "Appuyez de nouveau"},
		"of another purpose": {served(audience.Confirm, time.Minute), "Appuyez de nouveau"},
	}
	s.now = thursday.Add(time.Hour) // the forms of the table were served in the hour before
	for name, test := range tests {
		got := s.post("/subscribe?lang=fr", test.fields)
		if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, test.want) {
			t.Errorf("%s: %d, no %s in %s", name, got.status, test.want, got.body)
		}
	}
	if s.dump() != before {
		t.Error("something was written")
	}
}

func TestTooMuch(t *testing.T) {
	s := newSite(t)
	fields := s.filled("zoe@exemple.fr")
	fields.Set("name", strings.Repeat("x", 20<<10))
	if got := s.post("/subscribe?lang=fr", fields); got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a large form: %d", got.status)
	}
	fields = s.filled("")
	for n := range 7 {
		fields.Set("address", fmt.Sprintf("zoe%d@exemple.fr", n))
		r := form("/subscribe?lang=fr", fields)
		r.RemoteAddr = fmt.Sprintf("198.51.100.%d:999", n) // neighbours in one network
		got := s.do(r)
		if want := n >= 5; (got.status == http.StatusTooManyRequests) != want || want && got.header.Get("Retry-After") != "720" {
			t.Errorf("request %d: %d %v", n+1, got.status, got.header)
		}
	}
	if n := len(s.mails()); n != 5 {
		t.Errorf("%d mails", n)
	}
}

// flood posts n subscriptions from as many networks, through a proxy that is
// trusted, in the time of a minute.
func (s *site) flood(n int) {
	s.Helper()
	fields := s.filled("")
	for i := range n {
		fields.Set("address", fmt.Sprintf("victime%d@exemple.fr", i*9/10)) // some of them twice
		r := form("/subscribe?lang=fr", fields)
		r.RemoteAddr = "10.0.0.1:80"
		r.Header.Set("X-Forwarded-For", fmt.Sprintf("11.%d.%d.9", i>>8&255, i&255)+", 10.0.0.2")
		if got := s.do(r); got.status != http.StatusOK && got.status != http.StatusTooManyRequests {
			s.Fatalf("request %d: %d %s", i, got.status, got.body)
		}
		if i%1000 == 999 {
			if got := s.get("/fr/12"); got.status != http.StatusOK {
				s.Fatalf("readers are not answered: %d", got.status)
			}
		}
	}
}

// sendFor plays hours of the outbox's sending, and returns how many mails
// left in each.
func (s *site) sendFor(hours int, seen map[audience.Address]int) (sent []int) {
	s.Helper()
	for range hours {
		n := 0
		for range 60 {
			for _, m := range s.mails() {
				seen[m.Address]++
				n++
			}
			s.now = s.now.Add(time.Minute)
		}
		sent = append(sent, n)
	}
	return sent
}

// A flood of requests: so many mails an hour leave, none twice to an address,
// and the rest are kept and leave later.
func TestFlood(t *testing.T) {
	s := newSite(t, trusted)
	s.flood(600)
	seen := map[audience.Address]int{}
	sent := s.sendFor(4, seen)
	total := 0
	for hour, n := range sent {
		total += n
		if n > store.OutboxPerHour {
			t.Errorf("hour %d: %d mails", hour+1, n)
		}
	}
	for address, n := range seen {
		if n > 1 {
			t.Errorf("%s: %d mails", address, n)
		}
	}
	if total != 540 || len(seen) != 540 || sent[0] < 150 {
		t.Errorf("%d mails to %d addresses, by hour %v", total, len(seen), sent)
	}
}

func trusted(o *web.Options) { o.Config.TrustedProxies = []string{"10.0.0.0/8"} }

// BenchmarkFlood is TestFlood with 100,000 requests.
func BenchmarkFlood(b *testing.B) {
	for b.Loop() {
		s := newSite(b, trusted)
		s.flood(100_000)
		seen := map[audience.Address]int{}
		for hour, n := range s.sendFor(5, seen) {
			if n > store.OutboxPerHour {
				b.Errorf("hour %d: %d mails", hour+1, n)
			}
		}
		for address, n := range seen {
			if n > 1 {
				b.Errorf("%s: %d mails", address, n)
			}
		}
		waiting, err := s.store.OutboxWaiting(context.Background())
		if err != nil || waiting == 0 {
			b.Errorf("%d mails wait, %v", waiting, err)
		}
		b.ReportMetric(float64(len(seen)), "mails")
		b.ReportMetric(float64(waiting), "waiting")
	}
}

// BenchmarkKnownOrNot measures the gap between the answers to an address that
// is subscribed and to one that nobody has seen: medians of 10,000 requests.
func BenchmarkKnownOrNot(b *testing.B) {
	for b.Loop() {
		s := newSite(b, trusted)
		const n = 5000
		for i := range n {
			s.reader(fmt.Sprintf("connue%d@exemple.fr", i), audience.Active)
		}
		fields := s.filled("")
		times := map[string][]time.Duration{}
		for i := range 2 * n {
			kind := []string{"connue", "nouvelle"}[i%2]
			fields.Set("address", fmt.Sprintf("%s%d@exemple.fr", kind, i/2))
			r := form("/subscribe?lang=fr", fields)
			r.RemoteAddr = "10.0.0.1:80"
			r.Header.Set("X-Forwarded-For", fmt.Sprintf("11.%d.%d.9", i>>8&255, i&255))
			start := time.Now()
			if got := s.do(r); got.status != http.StatusOK {
				b.Fatalf("%d", got.status)
			}
			times[kind] = append(times[kind], time.Since(start))
		}
		median := func(kind string) float64 {
			slices.Sort(times[kind])
			return float64(times[kind][n/2]) / float64(time.Millisecond)
		}
		b.ReportMetric(median("connue"), "ms-known")
		b.ReportMetric(median("nouvelle"), "ms-new")
	}
}

// A form that another site sends does nothing.
func TestForeignForms(t *testing.T) {
	s := newSite(t)
	id := s.reader("zoe@exemple.fr", audience.Active)
	before := s.dump()
	fields := s.filled("new@exemple.fr")
	for _, path := range []string{
		"/subscribe", "/c/" + s.signer.TokenAt(audience.Confirm, id, s.now), "/p/" + s.signer.Token(audience.Preferences, id),
		"/r/" + s.signer.Token(audience.Renew, id), "/u/" + s.signer.Token(audience.Unsubscribe, id) + "/undo", "/u/" + s.signer.Token(audience.Unsubscribe, id) + "/reason",
	} {
		for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}} {
			r := form(path, fields)
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set(header[0], header[1])
			if got := s.do(r); got.status != http.StatusForbidden || !strings.Contains(got.body, "<h1>") {
				t.Errorf("%s with %v: %d", path, header, got.status)
			}
		}
	}
	if s.dump() != before {
		t.Error("something was written")
	}
}

// A proxy that changes the Host does not make our own forms foreign.
func TestBehindProxy(t *testing.T) {
	s := newSite(t, trusted)
	r := form("/subscribe?lang=fr", s.filled("zoe@exemple.fr"))
	r.Header.Del("Sec-Fetch-Site")
	r.Header.Set("Origin", "https://lettre.exemple.fr")
	r.Host = "127.0.0.1:8080"
	if got := s.do(r); got.status != http.StatusOK {
		t.Errorf("%d", got.status)
	}
}

func TestConfirm(t *testing.T) {
	s := newSite(t)
	s.post("/subscribe?lang=fr", s.filled("zoe@exemple.fr"))
	id := s.mails()[0].Subscriber
	token := s.signer.TokenAt(audience.Confirm, id, s.now)
	page := s.get("/c/" + token)
	if page.status != http.StatusOK || !strings.Contains(page.body, `<form method="post" action="/c/`+token) || s.status(id) != audience.Pending {
		t.Fatalf("%d %s", page.status, page.body)
	}
	s.now = s.now.Add(7*24*time.Hour - time.Second)
	for range 2 { // the second is a second click
		if got := s.post("/c/"+token, nil); got.status != http.StatusOK || !strings.Contains(got.body, "Bienvenue") {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	if s.status(id) != audience.Active {
		t.Error("not active")
	}
	s.now = s.now.Add(2 * time.Second)
	if got := s.post("/c/"+token, nil); got.status != http.StatusGone {
		t.Errorf("after seven days: %d", got.status)
	}
	stranger := s.signer.TokenAt(audience.Confirm, audience.NewID(), s.now)
	if got := s.post("/c/"+stranger, nil); got.status != http.StatusGone {
		t.Errorf("a request that was purged: %d", got.status)
	}
	if got := s.post("/c/"+token[:55], nil); got.status != http.StatusNotFound {
		t.Errorf("a cut link: %d", got.status)
	}
	complained := s.reader("plainte@exemple.fr", audience.Suppressed)
	if got := s.post("/c/"+s.signer.TokenAt(audience.Confirm, complained, s.now), nil); got.status != http.StatusGone || s.status(complained) != audience.Suppressed {
		t.Errorf("a suppression was lifted: %d", got.status)
	}
}
