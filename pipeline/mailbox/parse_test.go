package mailbox

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var received = time.Date(2025, time.February, 20, 10, 0, 1, 0, time.UTC)

func testMessage(t testing.TB, name string) Message {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return Message{From: "envelope@example.org", To: []string{"ada@example.net"}, Received: received, Raw: raw}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		file string
		want content
	}{
		{"issue.eml", content{
			Subject: "La Gazette N°\u00a012\u202f: l’hiver", From: "La Gazette du dépôt <gazette@example.org>", Language: "fr",
			HTML: `<!doctype html><html lang="fr" dir="ltr"><head><title>L’hiver</title></head><body><p>L’hiver <a href="http://127.0.0.1:8080/u/token">ici</a></p></body></html>` + "\r\n",
			Text: "L’hiver. Se désabonner : http://127.0.0.1:8080/u/token.\r\n",
		}},
		{"latin1.eml", content{Subject: "Été", From: "n@example.org", Language: "fr-CA", Text: "L'été\r\n"}},
		{"unknown-charset.eml", content{Subject: "x", From: "envelope@example.org", Text: "plain\r\n"}},
		{"nested.eml", content{Subject: "nested", From: "envelope@example.org", Language: "en", Text: "first", HTML: "<HTML LANG=en><p>html</p>"}},
		{"cut-multipart.eml", content{Subject: "cut", From: "envelope@example.org", Text: "first", HTML: "<p>half"}},
		{"broken-header.eml", content{From: "envelope@example.org"}},
		{"deep.eml", content{Subject: "deep", From: "envelope@example.org"}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			got := parse(testMessage(t, tt.file))
			got.Header, got.Date = nil, time.Time{}
			tt.want.To = "ada@example.net"
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseDateAndHeader(t *testing.T) {
	t.Parallel()
	got := parse(testMessage(t, "issue.eml"))
	if want := "2025-02-20T11:00:00+01:00"; got.Date.Format(time.RFC3339) != want {
		t.Errorf("date: got %s, want %s", got.Date.Format(time.RFC3339), want)
	}
	if got, want := got.Header[0], (field{"From", "La Gazette du dépôt <gazette@example.org>"}); got != want {
		t.Errorf("first field: got %v, want %v", got, want)
	}
	if got := parse(testMessage(t, "hostile.eml")); !got.Date.Equal(received) {
		t.Errorf("date without a Date field: got %s, want the time of arrival", got.Date)
	}
}

func TestLinkify(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"", ""},
		{"plain", "plain"},
		{"see https://example.org/a?b=c&d=e.", "see [https://example.org/a?b=c&d=e]."},
		{"(http://127.0.0.1:80/x), http://b", "([http://127.0.0.1:80/x]), [http://b]"},
		{"« https://example.org/ »", "« [https://example.org/] »"},
		{"javascript:alert(1) http:// x", "javascript:alert(1) http:// x"},
	} {
		var got strings.Builder
		for _, s := range linkify(tt.text) {
			if s.Link {
				got.WriteString("[" + s.Text + "]")
				continue
			}
			got.WriteString(s.Text)
		}
		if got.String() != tt.want {
			t.Errorf("%q: got %q, want %q", tt.text, got.String(), tt.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no samples: %v", err)
	}
	for _, file := range files {
		f.Add(testMessage(f, filepath.Base(file)).Raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := parse(Message{Raw: raw})
		var text strings.Builder
		for _, s := range linkify(c.Text) {
			text.WriteString(s.Text)
		}
		if text.String() != c.Text {
			t.Errorf("linkify changed %q to %q", c.Text, text.String())
		}
	})
}
