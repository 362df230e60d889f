package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gogit "github.com/go-git/go-git/v5"
	gitconfig "github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/infolettre/infolettre/pipeline/deliver/smtptest"
	"github.com/infolettre/infolettre/pipeline/schedule"
)

// Nobody logs in. An author pushes to a bare repository; the slot comes, and
// the mail is in each reader's mailbox in their language, and in the archive
// and the feed. The next week is quiet; the week after has a holiday.
func TestUnattended(t *testing.T) {
	u := newUnattended(t)
	u.write("content/2026-04-28-le-velo.fr.md", "---\ntitle: Le vélo du facteur\n---\nIl roule.\n")
	u.write("content/2026-04-28-le-velo.en.md", "---\ntitle: The postman’s bicycle\n---\nIt rolls.\n")
	u.push("2026-04-28T10:00:00+02:00")
	u.at("2026-04-27T09:00:00+02:00")
	if code, text := u.run(t.Context(), "subscribers", "add", "--locale", "fr", "claire@exemple.fr"); code != exitDone {
		t.Fatal(text)
	}
	if code, text := u.run(t.Context(), "subscribers", "add", "--locale", "en", "harriet@example.com"); code != exitDone {
		t.Fatal(text)
	}
	u.serve("2026-04-27T09:00:00+02:00", "the first tick", func() bool { return strings.Contains(u.log.String(), "the first tick") })

	u.serve("2026-04-30T11:00:30+02:00", "the first issue", func() bool { // a Thursday
		return len(u.mails()) == 2 && strings.Contains(u.get("/fr"), "Le vélo du facteur")
	}, func() {
		if got := u.mails(); !slices.Equal(got, []string{"claire@exemple.fr Le vélo du facteur", "harriet@example.com The postman’s bicycle"}) {
			t.Errorf("mails: %q", got)
		}
		for path, want := range map[string]string{"/fr/1": "Le vélo du facteur", "/fr/feed.xml": "Le vélo du facteur", "/en/1": "The postman’s bicycle"} {
			if page := u.get(path); !strings.Contains(page, want) {
				t.Errorf("%s does not show the issue: %.300s", path, page)
			}
		}
	})

	u.serve("2026-05-07T11:00:30+02:00", "the quiet week", func() bool { return strings.Contains(u.log.String(), "outcome=quiet") })

	// What was wrong in the first issue is mended on its page, and told in the
	// next issue.
	u.write("content/2026-04-28-le-velo.fr.md", "---\ntitle: Le vélo du facteur\n---\nIl roule encore.\n")
	u.push("2026-05-08T10:00:00+02:00")
	u.at("2026-05-08T10:30:00+02:00")
	if code, text := u.run(t.Context(), "issues", "correct", "1", "--reason", "Le vélo n'est pas en panne !"); code != exitDone {
		t.Fatal(text)
	}

	// The Thursday after is Ascension Day: the issue goes on Wednesday.
	u.write("content/2026-05-11-la-pluie.fr.md", "---\ntitle: La pluie et le beau temps\n---\nIl pleut.\n")
	u.push("2026-05-11T10:00:00+02:00")
	u.serve("2026-05-13T11:00:30+02:00", "the issue before the holiday", func() bool { return len(u.mails()) == 4 }, func() {
		page := u.get("/fr/1")
		for _, want := range []string{"Rectifié le 8 mai 2026", "Le vélo n’est pas en panne\u202f!", "Il roule encore."} {
			if !strings.Contains(strings.ReplaceAll(page, "\u00a0", " "), want) {
				t.Errorf("the page of the first issue does not say %q: %s", want, page)
			}
		}
		if page := u.get("/fr/2"); !strings.Contains(page, "Erratum") || strings.Count(page, "Le vélo n’est pas en panne") != 1 {
			t.Errorf("the second issue does not tell the erratum once: %s", page)
		}
	})
	u.serve("2026-05-21T11:00:30+02:00", "the week after", func() bool { return strings.Count(u.log.String(), "outcome=quiet") == 2 })
	if got := u.mails(); len(got) != 4 {
		t.Errorf("mails: %q", got)
	}
	if made := strings.Count(u.log.String(), "outcome=made"); made != 2 {
		t.Errorf("%d issues were made:\n%s", made, u.log.String())
	}
}

// unattended is a server, an author, and the time.
type unattended struct {
	*testing.T
	folder, clone string
	repository    *gogit.Repository
	server        *smtptest.Server
	env           []string
	clock         atomic.Int64 // unix ms
	log           syncBuffer
	url           string
	role          string
}

func newUnattended(t *testing.T) *unattended {
	u := &unattended{T: t, folder: t.TempDir(), clone: t.TempDir(), server: smtptest.Start(t, smtptest.Script{}), role: roleAll}
	bare := filepath.Join(t.TempDir(), "lettre.git")
	main := gogit.InitOptions{DefaultBranch: "refs/heads/main"}
	_, err := gogit.PlainInitWithOptions(bare, &gogit.PlainInitOptions{Bare: true, InitOptions: main})
	u.must(err)
	u.repository, err = gogit.PlainInitWithOptions(u.clone, &gogit.PlainInitOptions{InitOptions: main})
	u.must(err)
	_, err = u.repository.CreateRemote(&gitconfig.RemoteConfig{Name: "origin", URLs: []string{bare}})
	u.must(err)
	u.env = []string{
		"INFOLETTRE_DELIVERY_SERVERS_0_HOST=" + u.server.Host(), "INFOLETTRE_DELIVERY_SERVERS_0_PORT=" + strconv.Itoa(u.server.Port()),
		"INFOLETTRE_WEB_LISTEN=127.0.0.1:0", "INFOLETTRE_WEB_PRIVATE=localhost:0", "INFOLETTRE_CONTENT_REPOSITORY_URL=" + bare,
		"INFOLETTRE_SCHEDULE_HOLIDAYS=france", "INFOLETTRE_SCHEDULE_ON_HOLIDAY=before",
	}
	u.at("2026-04-27T08:00:00+02:00")
	if code, text := u.run(t.Context(), "init", u.folder); code != exitDone {
		t.Fatal(text)
	}
	return u
}

func (u *unattended) must(err error) {
	u.Helper()
	if err != nil {
		u.Fatal(err)
	}
}

// at sets the time.
func (u *unattended) at(moment string) {
	t, err := time.Parse(time.RFC3339, moment)
	u.must(err)
	u.clock.Store(t.UnixMilli())
}

func (u *unattended) run(ctx context.Context, args ...string) (code int, text string) {
	var out syncBuffer
	return u.runInto(ctx, &out, args...), out.String()
}

func (u *unattended) runInto(ctx context.Context, out io.Writer, args ...string) int {
	args = append([]string{"--lang", "en", "--config", filepath.Join(u.folder, "infolettre.yaml")}, args...)
	a, err := newApp(args, u.env, strings.NewReader(""), out, out)
	u.must(err)
	a.now = func() time.Time { return time.UnixMilli(u.clock.Load()) }
	a.timing = schedule.Timing{Renew: 100 * time.Millisecond, Lost: time.Second, Poll: 100 * time.Millisecond}
	a.pullEvery = 50 * time.Millisecond
	return a.execute(ctx, args)
}

// serve is the server, started at a moment and stopped when something has
// happened and was looked at.
func (u *unattended) serve(moment, what string, happened func() bool, look ...func()) {
	u.Helper()
	u.at(moment)
	ctx, cancel := context.WithCancel(u.Context())
	before := len(u.log.String())
	var running sync.WaitGroup
	running.Go(func() {
		if code := u.runInto(ctx, &u.log, "serve", "--role", u.role); code != exitDone {
			u.Errorf("serve ends with %d: %s", code, u.log.String())
		}
	})
	defer running.Wait()
	defer cancel()
	listening := regexp.MustCompile(`listening on (127\.0\.0\.1:\d+)`)
	u.until("the server", func() bool { return listening.MatchString(u.log.String()[before:]) })
	u.url = "http://" + listening.FindStringSubmatch(u.log.String()[before:])[1]
	u.until(what, happened)
	for _, f := range look {
		f()
	}
}

// until waits for something to happen, which the test's own deadline bounds.
func (u *unattended) until(what string, happened func() bool) {
	u.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(time.Minute)
	for !happened() {
		select {
		case <-ticker.C:
		case <-deadline:
			u.Fatalf("waited in vain for %s:\n%s", what, u.log.String())
		}
	}
}

func (u *unattended) write(name, text string) {
	path := filepath.Join(u.clone, name)
	u.must(os.MkdirAll(filepath.Dir(path), 0o755))
	u.must(os.WriteFile(path, []byte(text), 0o644))
	tree, err := u.repository.Worktree()
	u.must(err)
	_, err = tree.Add(name)
	u.must(err)
}

func (u *unattended) push(moment string) {
	when, err := time.Parse(time.RFC3339, moment)
	u.must(err)
	tree, err := u.repository.Worktree()
	u.must(err)
	_, err = tree.Commit("Billet", &gogit.CommitOptions{Author: &object.Signature{Name: "Zoé", Email: "zoe@example.org", When: when}})
	u.must(err)
	u.must(u.repository.Push(&gogit.PushOptions{RemoteName: "origin"}))
}

// mails lists who got which title, sorted.
func (u *unattended) mails() []string {
	var list []string
	for _, m := range u.server.Messages() {
		text := string(m.Data)
		for _, title := range []string{"Le vélo du facteur", "The postman’s bicycle", "La pluie et le beau temps"} {
			encoded := strings.NewReplacer("é", "=C3=A9", "’", "=E2=80=99").Replace(title)
			if strings.Contains(text, encoded) {
				list = append(list, m.To[0]+" "+title)
				break
			}
		}
	}
	slices.Sort(list)
	return list
}

func (u *unattended) get(path string) string {
	response, err := http.Get(u.url + path)
	u.must(err)
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	u.must(err)
	return string(page)
}

// syncBuffer takes what a server says while a test reads it.
type syncBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
