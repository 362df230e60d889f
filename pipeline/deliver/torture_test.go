package deliver_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

// `make torture KILLS=1000` sets these; the defaults are for every day.
var (
	kills   = flag.Int("kills", 20, "processes to kill with SIGKILL")
	terms   = flag.Int("terms", 10, "processes to stop with SIGTERM")
	readers = flag.Int("readers", 3000, "readers of the issues sent meanwhile")
	seed    = flag.Uint64("seed", 0, "of the moments; 0 draws one")
)

const tortureConnections = 8

// torture sends issue after issue to a receiver in another process, from
// processes that are struck at random moments.
type torture struct {
	*testing.T
	source   string
	store    *store.Store
	receiver *receiver
	random   *rand.Rand
	number   int
	readers  []audience.Subscriber
	toll
}

// toll is what the blows have cost.
type toll struct {
	blows, left          int // senders struck, and those that ended before
	doubts, most         int // deliveries in doubt: all, and after one blow
	lost, phantom        int // ended without a mail; taken for accepted without one
	twice, unnamed, held int // more than one mail; of those without a name; under hold
	slowest              time.Duration
}

func newTorture(t *testing.T, source string) *torture {
	t.Helper()
	k := &torture{T: t, source: source}
	var err error
	if k.store, err = store.Open(t.Context(), k.source, true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.store.Close() })
	if k.receiver, err = startReceiver(0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.receiver.stop)
	for i := range *readers {
		k.readers = append(k.readers, benchReader(i))
	}
	if _, err := k.store.AddSubscribers(t.Context(), ordered, k.readers); err != nil {
		t.Fatal(err)
	}
	moment := *seed
	if moment == 0 {
		moment = rand.Uint64()
	}
	k.random = rand.New(rand.NewPCG(moment, 0))
	t.Logf("-seed %d", moment)
	return k
}

// send orders an issue and starts senders until one gets to its end, striking
// them while blows are left.
func (k *torture) send(policy deliver.Policy, blows int, blow syscall.Signal) {
	k.Helper()
	k.number++
	is := deliver.Issue{
		Number: k.number, Slot: ordered.AddDate(0, 0, 7*k.number), State: deliver.IssueSending, Policy: policy,
		Ordered: time.Now(), Deadline: time.Now().AddDate(1, 0, 0),
	}
	if err := k.store.Freeze(k.Context(), is, nil, nil, map[string]string{"fr": "fr"}); err != nil {
		k.Fatal(err)
	}
	for {
		if k.blows < blows {
			k.strike(blow)
		} else if out, err := k.sender().CombinedOutput(); err != nil {
			k.Fatalf("%v: %s", err, out)
		}
		is, err := k.store.Issue(k.Context(), k.number)
		if err != nil {
			k.Fatal(err)
		}
		if is.State == deliver.IssueSent {
			k.count(policy)
			return
		}
	}
}

func (k *torture) sender() *exec.Cmd {
	return processAs("tortured", "DATABASE="+k.source, "PORT="+k.receiver.port, fmt.Sprint("ISSUE=", k.number))
}

// strike starts a sender and strikes it at a random moment of its first third
// of a second at work.
func (k *torture) strike(blow syscall.Signal) {
	k.Helper()
	sender := k.sender()
	var stderr strings.Builder
	sender.Stderr = &stderr
	began, err := sender.StdoutPipe()
	if err != nil {
		k.Fatal(err)
	}
	if err := sender.Start(); err != nil {
		k.Fatal(err)
	}
	if _, err := began.Read(make([]byte, 1)); err != nil {
		k.Fatalf("the sender did not begin: %s", &stderr)
	}
	timer := time.NewTimer(time.Duration(k.random.Int64N(int64(time.Second / 3))))
	ended := make(chan error, 1)
	go func() { ended <- sender.Wait() }()
	select {
	case err := <-ended:
		if k.left++; err != nil {
			k.Fatalf("%v: %s", err, &stderr)
		}
		return
	case <-timer.C:
	}
	struck := time.Now()
	_ = sender.Process.Signal(blow)
	err = <-ended
	k.blows++
	k.slowest = max(k.slowest, time.Since(struck))
	if blow == syscall.SIGTERM && err != nil {
		k.Errorf("the sender stopped with %v: %s", err, &stderr)
	}
	tally, err := k.store.Tally(k.Context(), k.number)
	if err != nil {
		k.Fatal(err)
	}
	k.doubts += tally[deliver.Sending]
	k.most = max(k.most, tally[deliver.Sending])
}

// count holds what arrived against what the ledger says.
func (k *torture) count(policy deliver.Policy) {
	k.Helper()
	arrived, err := k.receiver.counts()
	if err != nil {
		k.Fatal(err)
	}
	tally, err := k.store.Tally(k.Context(), k.number)
	if err != nil {
		k.Fatal(err)
	}
	if sum := tally[deliver.Accepted] + tally[deliver.Uncertain]; sum != len(k.readers) {
		k.Errorf("issue %d is closed with %v", k.number, tally)
	}
	cases, err := k.store.Cases(k.Context(), k.number, len(k.readers))
	if err != nil {
		k.Fatal(err)
	}
	named, uncertain := map[string]bool{}, map[string]bool{}
	for _, c := range cases {
		named[c.Address.String()] = !c.Doubted.IsZero()
		uncertain[c.Address.String()] = c.State == deliver.Uncertain
	}
	for i, r := range k.readers {
		address, mails := r.Address.String(), byte(0)
		if i < len(arrived) {
			mails = arrived[i]
		}
		switch {
		case mails == 0 && !uncertain[address]:
			k.phantom++
		case mails == 0 && !named[address]:
			k.lost++
		case mails > 1:
			k.twice++
			if !named[address] {
				k.unnamed++
			}
			if policy == deliver.Hold {
				k.held++
			}
		}
	}
}

func (k *torture) report(blow string, most int) {
	k.Helper()
	k.Logf("%s: %d blows in %d issues to %d readers over %d connections", blow, k.blows, k.number, len(k.readers), tortureConnections)
	k.Logf("  lost %d, taken for accepted without a mail %d", k.lost, k.phantom)
	k.Logf("  in doubt after a blow: %.1f on average, %d at most", float64(k.doubts)/float64(max(1, k.blows)), k.most)
	k.Logf("  twice %d, of them without a name %d, under hold %d", k.twice, k.unnamed, k.held)
	k.Logf("  slowest end %s", k.slowest.Round(time.Millisecond))
	if k.lost+k.phantom+k.unnamed+k.held > 0 || k.most > most || k.twice > k.doubts {
		k.Error("the promise is broken")
	}
}

// Killed at any moment, a sender loses nobody, and whoever may get a mail
// twice is named; under hold nobody does.
func TestTortureKill(t *testing.T) {
	storetest.EachSource(t, func(t *testing.T, source string) {
		k := newTorture(t, source)
		for _, policy := range []deliver.Policy{deliver.Resend, deliver.Hold} {
			half := (fewer(*kills) + 1) / 2
			for k.toll = (toll{}); k.blows < half; {
				k.send(policy, half, syscall.SIGKILL)
			}
			k.report("SIGKILL, "+string(policy), tortureConnections)
		}
	})
}

// Asked to stop, a sender ends what it has begun: nothing is lost, nothing
// comes twice, nothing is in doubt.
func TestTortureStop(t *testing.T) {
	storetest.EachSource(t, func(t *testing.T, source string) {
		k := newTorture(t, source)
		for terms := fewer(*terms); k.blows < terms; {
			k.send(deliver.Resend, terms, syscall.SIGTERM)
		}
		k.report("SIGTERM", 0)
		if k.twice > 0 || k.slowest > 30*time.Second {
			t.Errorf("%d twice, and %s for one to stop", k.twice, k.slowest)
		}
	})
}

// tortured is a sender that gets struck.
func tortured() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	number, _ := strconv.Atoi(os.Getenv("ISSUE"))
	port, _ := strconv.Atoi(os.Getenv("PORT"))
	s, err := store.Open(ctx, os.Getenv("DATABASE"), false)
	if err != nil {
		return err
	}
	defer s.Close()
	err = store.ErrBusy
	for errors.Is(err, store.ErrBusy) { // a PostgreSQL server takes a moment to see that the last one is dead
		err = s.LockSending(context.Background())
	}
	if err != nil {
		return err
	}
	fmt.Println("begun")
	if err := s.Recover(context.WithoutCancel(ctx), number, time.Now()); err != nil {
		return err
	}
	sender := deliver.Sender{
		Config: deliver.Config{Servers: []deliver.Server{{Host: "127.0.0.1", Port: port}}, Connections: tortureConnections}.WithDefaults(),
		Ledger: s, Composer: plainMail{}, Now: time.Now, Jitter: rand.Float64,
		Sleep: func(ctx context.Context, d time.Duration) error {
			select {
			case <-time.After(d):
			case <-ctx.Done():
			}
			return ctx.Err()
		},
	}
	if err := sender.Run(ctx, number); err != nil {
		return err
	}
	_, err = s.Settle(context.WithoutCancel(ctx), number, time.Now())
	return err
}
