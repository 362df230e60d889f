package schedule_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
	_ "time/tzdata"

	"github.com/infolettre/infolettre/locales"
	"github.com/infolettre/infolettre/pipeline"
	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/content"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/message"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/schedule"
	"github.com/infolettre/infolettre/pipeline/store"
)

var (
	seeds = flag.Int("seeds", 8, "how many years TestSimulatedYears lives through")
	seed  = flag.Uint64("seed", 0, "the one year to live through again; 0: all of them")
)

// A year of weeks, drawn at random: authors who write early, late, again and
// under other names; a program that is down, dies at any call to its ledger,
// or reads a clock that jumps; servers that fail; issues that wait, are
// stopped, unmade and approved. At the end every published entry was in
// exactly one issue, nobody got an issue twice, every issue's sum is right,
// and every slot has its decision.
//
// A year that breaks a promise is named by its seed: go test -seed N.
func TestSimulatedYears(t *testing.T) {
	first, last := uint64(1), uint64(*seeds)
	if *seed != 0 {
		first, last = *seed, *seed
	}
	for s := first; s <= last; s++ {
		t.Run(fmt.Sprintf("seed %d", s), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, s)
			w.year()
			w.check()
		})
	}
}

// world is one simulated year.
type world struct {
	*testing.T
	random *rand.Rand
	store  *store.Store
	dir    string
	zone   *time.Location
	now    time.Time     // the true time
	skew   time.Duration // of the program's clock

	files    fstest.MapFS
	cache    *content.Cache // of files, the whole year: a process that starts anew would only be slower
	entries  map[int]string // number in the text → path of its file
	renamed  map[int]bool
	edited   map[int]bool
	calendar *issue.Calendar
	changed  bool // the schedule was, in the course of the year
	config   schedule.Config
	min      int
	started  time.Time // the first tick
	renderer *render.Renderer
	notices  []schedule.Notice
	mails    map[string]int
	engine   *schedule.Engine
	crash    *crasher
}

// tempDir is in memory where there is such a place: a year is tens of
// thousands of small writes.
func tempDir(t *testing.T) string {
	const memory = "/dev/shm"
	if info, err := os.Stat(memory); err != nil || !info.IsDir() {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(memory, "infolettre")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

var schedules = []string{"0 11 * * THU", "30 2 * * SUN", "0 8,20 * * MON,FRI", "0 9 1,15 * *"}

var observed = []issue.Rules{
	{}, {Holidays: "france", OnHoliday: issue.Before}, {Holidays: "alsace-moselle", OnHoliday: issue.After},
	{Holidays: "reunion", OnHoliday: issue.SkipIt, Closures: []string{"08-01..08-31"}}, {Only: issue.OnlyLast},
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{
		T: t, random: rand.New(rand.NewPCG(seed, 7)), dir: tempDir(t), files: fstest.MapFS{}, cache: content.NewCache(),
		entries: map[int]string{}, renamed: map[int]bool{}, edited: map[int]bool{}, mails: map[string]int{},
	}
	var err error
	if w.zone, err = time.LoadLocation([]string{"Europe/Paris", "America/Santiago", "Indian/Reunion"}[w.random.IntN(3)]); err != nil {
		t.Fatal(err)
	}
	w.now = time.Date(2026, time.Month(1+w.random.IntN(12)), 1+w.random.IntN(28), 9, 0, 0, 0, w.zone)
	w.schedule()
	w.min = 1 + w.random.IntN(2)
	w.config = schedule.Config{QuietNotice: w.random.IntN(3)}
	w.config.Approval = []schedule.Approval{schedule.NoApproval, schedule.Required, schedule.Delay}[w.random.IntN(3)]
	w.config = w.config.WithDefaults()
	if w.store, err = store.Open(t.Context(), filepath.Join(w.dir, "infolettre.db"), true, store.Unsafe); err != nil {
		t.Fatal(err)
	}
	opened := w.store // not w: what a test has cleaned up it holds until all years are over
	t.Cleanup(func() { opened.Close() })
	var readers []audience.Subscriber
	for i := range 4 {
		readers = append(readers, audience.Subscriber{
			ID: audience.NewID(), Address: audience.MustAddress(fmt.Sprintf("r%d@example.org", i)), Lang: "fr", Status: audience.Active,
		})
	}
	if _, err := w.store.AddSubscribers(t.Context(), w.now, readers); err != nil {
		t.Fatal(err)
	}
	w.restart()
	return w
}

func (w *world) schedule() {
	calendar, err := issue.NewCalendar(schedules[w.random.IntN(len(schedules))], w.zone)
	if err != nil {
		w.Fatal(err)
	}
	if w.calendar, err = calendar.Observe(observed[w.random.IntN(len(observed))]); err != nil {
		w.Fatal(err)
	}
}

// restart is a new process on the same ledger.
func (w *world) restart() {
	var err error
	if w.renderer == nil {
		w.renderer, err = newRenderer(w.files, w.zone)
		w.must(err)
	}
	keys, err := audience.ParseKeys("l.example.org", audience.NewKey())
	w.must(err)
	w.crash = &crasher{Store: w.store}
	w.engine = &schedule.Engine{
		Newsletter: &pipeline.Newsletter{
			Entries: w.files, Cache: w.cache, Commit: func() string { return "" }, Languages: []string{"fr"}, Calendar: w.calendar,
			Issues: issue.Config{MinEntries: w.min, Languages: []string{"fr"}}, Renderer: w.renderer,
			Headers: message.Config{ListID: "l.example.org", From: audience.MustAddress("l@example.org")},
			Base:    "https://l.example.org", Keys: keys, Delivery: deliver.Config{Policy: deliver.Hold}.WithDefaults(),
		},
		Config: w.config, Store: w.crash,
		Witness: &schedule.Witness{File: filepath.Join(w.dir, "infolettre.state"), Ledger: w.crash},
	}
}

// frenchCatalogue is read once: it is the same in all years.
var frenchCatalogue = sync.OnceValues(func() (*locales.Catalogue, error) { return locales.Load(locales.Files, "fr") })

func newRenderer(files fs.FS, zone *time.Location) (*render.Renderer, error) {
	catalogue, err := frenchCatalogue()
	if err != nil {
		return nil, err
	}
	return render.New(render.Config{Name: "La lettre", PostalAddress: "1 rue de l’Exemple", Location: zone}, catalogue, render.NewAssets(files))
}

func (w *world) chance(percent int) bool { return w.random.IntN(100) < percent }

func (w *world) year() {
	w.tick()
	w.started = w.now
	end := w.now.AddDate(1, 0, 0)
	for w.now.Before(end) {
		w.now = w.now.Add(time.Duration(1+w.random.IntN(60*60)) * time.Minute)
		w.author()
		switch {
		case w.chance(3): // down, or suspended
			w.now = w.now.Add(time.Duration(w.random.IntN(5*24)) * time.Hour)
		case w.chance(3):
			w.skew = time.Duration(w.random.IntN(48)-24) * time.Hour
		case w.chance(20):
			w.skew = 0
		case w.chance(1) && !w.changed:
			w.changed = true
			w.schedule()
			w.restart()
		}
		if w.chance(15) {
			w.crash.in = 1 + w.random.IntN(8)
		}
		w.tick()
		w.team()
		w.send(w.chance(40))
	}
	// Weeks in which nothing happens any more: what is written goes out.
	w.skew, w.crash.in = 0, 0
	for range 70 {
		w.now = w.now.Add(23 * time.Hour)
		w.tick()
		w.approveAll()
		w.send(false)
	}
}

// tick asks the engine, as a process that may die of it and start again.
func (w *world) tick() {
	_, err := w.engine.Tick(w.Context(), w.now.Add(w.skew))
	if errors.Is(err, errCrash) {
		w.restart()
		return
	}
	if err != nil {
		w.Fatal(err)
	}
}

// author writes, rewrites or renames.
func (w *world) author() {
	for w.chance(25) {
		n := len(w.entries) + 1
		date := w.now.Add(time.Duration(w.random.IntN(72)-48) * time.Hour) // early and late posts
		if w.started.IsZero() || date.Before(w.started) {
			date = w.now
		}
		w.entries[n] = fmt.Sprintf("entry-%d.md", n)
		w.files[w.entries[n]] = &fstest.MapFile{Data: fmt.Appendf(nil, "---\ntitle: Billet %d\ndate: %s\n---\nMarque-%d-fin\n", n, date.Format(time.RFC3339), n)}
	}
	if len(w.entries) == 0 || !w.chance(20) {
		return
	}
	n := 1 + w.random.IntN(len(w.entries))
	path := w.entries[n]
	// The same bytes under another name are known again, others are not: an
	// entry is rewritten in place, or renamed.
	if w.chance(50) && !w.renamed[n] {
		w.edited[n] = true
		w.files[path] = &fstest.MapFile{Data: append(slices.Clone(w.files[path].Data), "Encore.\n"...)}
		return
	}
	if w.edited[n] {
		return
	}
	w.renamed[n] = true
	w.entries[n] = fmt.Sprintf("renamed-%d-%d.md", n, w.random.IntN(1000))
	file := w.files[path]
	delete(w.files, path)
	w.files[w.entries[n]] = file
}

// team decides about what waits.
func (w *world) team() {
	for _, is := range w.unfinished() {
		if is.State == deliver.IssueSending && w.chance(3) || is.State == deliver.IssueWaiting && w.chance(10) {
			w.must(w.store.Stop(w.Context(), is.Number, "arrêté"))
			continue
		}
		if is.State == deliver.IssueSending || !w.chance(30) {
			continue
		}
		if w.chance(30) {
			err := w.store.Discard(w.Context(), is.Number)
			if errors.Is(err, store.ErrUnderway) || errors.Is(err, store.ErrNotWaiting) {
				continue
			}
			w.must(err)
			continue
		}
		w.must(w.store.Approve(w.Context(), is.Number, w.now, 72*time.Hour))
	}
}

func (w *world) approveAll() {
	for _, is := range w.unfinished() {
		if is.State != deliver.IssueSending {
			w.must(w.store.Approve(w.Context(), is.Number, w.now, 72*time.Hour))
		}
	}
}

func (w *world) unfinished() []deliver.Issue {
	issues, err := w.store.Unfinished(w.Context())
	w.must(err)
	return issues
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// send goes through the ledger's protocol as a sender does: claim, send, note
// the answer with the next claim. In bad weather servers refuse for now,
// answers get lost, and the sender dies between the mail and its note.
func (w *world) send(badly bool) {
	ctx := w.Context()
	for _, is := range w.unfinished() {
		if is.State != deliver.IssueSending {
			continue
		}
		w.must(w.store.Recover(ctx, is.Number, w.now))
		due, err := w.store.Due(ctx, is.Number, w.now, deliver.Cursor{}, 100)
		w.must(err)
		waiting, err := w.store.Due(ctx, is.Number, w.now, deliver.Cursor{Waiting: true}, 100)
		w.must(err)
		var outcomes []deliver.Outcome
		for _, d := range append(due, waiting...) {
			granted, err := w.store.Commit(ctx, is.Number, w.now, outcomes, []audience.ID{d.Subscriber.ID})
			w.must(err)
			if outcomes = nil; len(granted) == 0 {
				continue
			}
			o := deliver.Outcome{Subscriber: d.Subscriber.ID, State: deliver.Accepted}
			switch {
			case badly && w.chance(10):
				o.State, o.NextAt = deliver.Pending, w.now.Add(time.Hour)
			default:
				w.mails[fmt.Sprint(is.Number, d.Subscriber.Address)]++
				if badly && w.chance(10) {
					o.State = deliver.Uncertain
				}
				if badly && w.chance(5) {
					return // dead, after the mail and before its note
				}
			}
			outcomes = []deliver.Outcome{o}
		}
		_, err = w.store.Commit(ctx, is.Number, w.now, outcomes, nil)
		w.must(err)
		_, err = w.store.Settle(ctx, is.Number, w.now)
		w.must(err)
	}
}

// check holds the year against the promises.
func (w *world) check() {
	issues, err := w.store.Issues(w.Context())
	w.must(err)
	slices.Reverse(issues)
	in := map[int][]int{}
	for i, is := range issues {
		if is.Number != i+1 || i > 0 && !is.From.Equal(issues[i-1].To) {
			w.Errorf("issue %d after %d takes [%s, %s)", is.Number, i, is.From, is.To)
		}
		if is.State != deliver.IssueSent {
			w.Errorf("issue %d is %s", is.Number, is.State)
		}
		tally, err := w.store.Tally(w.Context(), is.Number)
		w.must(err)
		sum := tally[deliver.Accepted] + tally[deliver.Refused] + tally[deliver.Suppressed] + tally[deliver.Uncertain]
		if sum != 4 {
			w.Errorf("issue %d closes with %v", is.Number, tally)
		}
		documents, err := w.store.Documents(w.Context(), is.Number)
		w.must(err)
		for n := range w.entries {
			if strings.Contains(documents[0].Text, fmt.Sprintf("Marque-%d-fin", n)) {
				in[n] = append(in[n], is.Number)
			}
		}
	}
	missing := 0
	for n := range w.entries {
		if len(in[n]) == 0 {
			missing++
		} else if len(in[n]) > 1 {
			w.Errorf("entry %d is in the issues %v", n, in[n])
		}
	}
	if missing >= w.min {
		w.Errorf("%d entries are in no issue", missing)
	}
	for who, n := range w.mails {
		if n > 1 {
			w.Errorf("%s got %d mails", who, n)
		}
	}
	w.checkSlots()
}

// checkSlots compares the decisions with the calendar: none missing, none
// invented. Where the schedule changed, its slots are another calendar's.
func (w *world) checkSlots() {
	if w.changed {
		return
	}
	decisions, err := w.store.Decisions(w.Context(), 10000)
	w.must(err)
	slices.Reverse(decisions)
	want := w.calendar.Slots(w.started, w.now)
	for i := range max(len(decisions), len(want)) {
		if i >= len(want) || i >= len(decisions) || !decisions[i].Slot.Equal(want[i].At) {
			w.Errorf("%d decisions, %d slots; they differ at the %dth", len(decisions), len(want), i+1)
			return
		}
	}
}
