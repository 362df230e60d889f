package deliver

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
)

func TestSettle(t *testing.T) {
	day := 24 * time.Hour
	now := time.Date(2026, 11, 19, 10, 0, 0, 0, time.UTC)
	refusal := func(class Class, count int, over time.Duration) Refusal {
		return Refusal{Subscriber: audience.NewID(), Class: class, Count: count, First: now.Add(-over), Last: now}
	}
	for _, test := range []struct {
		name string
		Refusal
		want bool
	}{
		{"hard at the first", refusal(ClassHard, 1, 0), true},
		{"bare at the first", refusal(ClassBare, 1, 0), false},
		{"bare twice on one day", refusal(ClassBare, 2, time.Hour), false},
		{"bare twice", refusal(ClassBare, 2, 7*day), true},
		{"soft twice", refusal(ClassSoft, 2, 30*day), false},
		{"soft three times in a week", refusal(ClassSoft, 3, 7*day), false},
		{"soft three times", refusal(ClassSoft, 3, 14*day), true},
		{"full three times", refusal(ClassFull, 3, 14*day), true},
		{"expired for ever", refusal(ClassExpired, 100, 700*day), false},
		{"policy for ever", refusal(ClassPolicy, 100, 700*day), false},
	} {
		got, alarmed := Settle([]Refusal{test.Refusal}, Answers{"exemple.fr": {100, 1}})
		if (len(got) == 1) != test.want || alarmed != nil {
			t.Errorf("%s: got %v, alarmed %v", test.name, got, alarmed)
		}
	}
}

func TestBreaker(t *testing.T) {
	hard := []Refusal{{Class: ClassHard}}
	for _, test := range []struct {
		name    string
		answers Answers
		want    []string
	}{
		{"twenty at one domain", Answers{"a.fr": {600, 20}}, nil},
		{"twenty-one at one domain", Answers{"a.fr": {600, 21}}, []string{"a.fr"}},
		{"twenty-one, but of very many", Answers{"a.fr": {2000, 21}}, nil},
		{"a twentieth of all", Answers{"a.fr": {50, 10}, "b.fr": {150, 0}}, []string{""}},
		{"a twentieth of few", Answers{"a.fr": {50, 9}, "b.fr": {130, 0}}, nil},
	} {
		suppress, alarmed := Settle(hard, test.answers)
		if !slices.Equal(alarmed, test.want) || (len(suppress) > 0) == (len(alarmed) > 0) {
			t.Errorf("%s: %d suppressed, alarmed %q", test.name, len(suppress), alarmed)
		}
	}
}

func TestReplyText(t *testing.T) {
	for _, test := range []struct {
		code                 int
		text, enhanced, want string
	}{
		{550, "5.1.1 no such user", "5.1.1", "no such user"},
		{550, "5.1.1 no such\n5.1.1 user", "5.1.1", "no such user"},
		{550, "no such user", "", "no such user"},
		{450, "5.1.1 no such user", "", "5.1.1 no such user"},
		{550, "5.1.10", "5.1.10", ""},
		{550, "5.1.1.1 odd", "", "5.1.1.1 odd"},
		{550, "5.1.1 caf\x00 ferm\xe9", "5.1.1", "caf  ferm�"},
		{550, strings.Repeat("x", 399) + "é", "", strings.Repeat("x", 399)},
	} {
		if r := newReply(test.code, strings.Split(test.text, "\n")); r.Enhanced != test.enhanced || r.Text != test.want {
			t.Errorf("%d %q: got %+v", test.code, test.text, r)
		}
	}
}

// A refusal of the sender has the server done without when it answers MAIL;
// at RCPT, when it answers a second recipient so.
func TestRefusesSender(t *testing.T) {
	for _, test := range []struct {
		phase phase
		reply Reply
		class Class
		want  bool
	}{
		{phaseMail, Reply{Code: 550}, ClassPolicy, true},
		{phaseRcpt, Reply{Code: 550, Enhanced: "5.1.8"}, ClassPolicy, false},
		{phaseRcpt, Reply{Code: 553, Enhanced: "5.1.7"}, ClassPolicy, false},
		{phaseRcpt, Reply{Code: 450, Enhanced: "4.1.8"}, ClassLater, false},
		{phaseRcpt, Reply{Code: 550, Enhanced: "5.7.1"}, ClassPolicy, false},
		{phaseRcpt, Reply{Code: 550, Enhanced: "5.1.1"}, ClassHard, false},
		{phaseDot, Reply{Code: 550, Enhanced: "5.1.8"}, ClassPolicy, false},
	} {
		class := classify(test.phase, test.reply)
		got := Outcome{Class: class, Reply: test.reply, phase: test.phase}.refusesSender()
		if class != test.class || got != test.want {
			t.Errorf("%d, %s: %s, %v; want %s, %v", test.phase, test.reply, class, got, test.class, test.want)
		}
	}
}
