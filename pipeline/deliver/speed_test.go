package deliver_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/message"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/store"
)

// BenchmarkSpeed sends the same personalised mails of 43 KB to the same
// receiver in several ways, side by side: each sender is a process of its own
// (this test's binary, or Postfix's smtp-source), so that the system's
// accounting tells its CPU time and memory apart from the receiver's.
//
// Figures are for reading, side by side in one run; nothing is asserted.
func BenchmarkSpeed(b *testing.B) {
	for _, delay := range []time.Duration{0, 5 * time.Millisecond} {
		n, connections := 12000, 10
		if delay > 0 {
			n, connections = 300, 1
		}
		fmt.Printf("\n%d mails of 43 KB, %d connections, replies %s away\n", n, connections, delay)
		compare(b, senders(), n, func(role string) (figures, error) { return measure(role, n, connections, delay) })
	}
	const n, connections = 12000, 10
	fmt.Printf("\n%d mails of 43 KB, %d connections, to Postfix's smtp-sink\n", n, connections)
	port := strconv.Itoa(startSink(b))
	compare(b, []string{"infolettre, no ledger", "hand-written floor", "smtp-source"}, n, func(role string) (figures, error) {
		return runSender(role, port, n, connections)
	})
}

// compare prints what each sender costs, the first one's CPU time being the
// measure of the others'.
func compare(b *testing.B, roles []string, n int, run func(role string) (figures, error)) {
	fmt.Printf("%-34s %9s %9s %9s %11s %9s %9s\n", "", "CPU µs", "ratio", "msg/s", "allocations", "bytes", "peak MiB")
	base := 0.0
	for _, role := range roles {
		f, err := run(role)
		if err != nil {
			b.Fatalf("%s: %v", role, err)
		}
		cpu := f.CPU.Seconds() * 1e6 / float64(n)
		if base == 0 {
			base = cpu
		}
		fmt.Printf("%-34s %9.1f %8.1f× %9.0f %11.0f %9.0f %9.1f\n", role, cpu, base/cpu, float64(n)/f.Wall.Seconds(),
			f.Mallocs/float64(n), f.Bytes/float64(n), float64(f.peak)/(1<<20))
	}
}

func senders() []string {
	list := []string{"go-mail DialAndSend", "go-mail kept connection", "infolettre, ledger FULL", "infolettre, ledger NORMAL", "infolettre, no ledger", "hand-written floor"}
	if _, err := exec.LookPath("smtp-source"); err == nil {
		list = append(list, "smtp-source")
	}
	return list
}

// figures is what one sender cost.
type figures struct {
	Mallocs, Bytes float64 // as the process itself counts them
	CPU, Wall      time.Duration
	peak           int64 // bytes resident
}

const mailSize = 43 << 10

// measure runs a sender against a receiver of its own, which counts.
func measure(role string, n, connections int, delay time.Duration) (f figures, err error) {
	receiver, err := startReceiver(delay)
	if err != nil {
		return f, err
	}
	defer receiver.stop()
	if f, err = runSender(role, receiver.port, n, connections); err != nil {
		return f, err
	}
	counts, err := receiver.counts()
	if err != nil {
		return f, err
	}
	got := 0
	for _, c := range counts {
		got += int(c)
	}
	if got != n && role != "smtp-source" { // its one recipient overflows a counter
		return f, fmt.Errorf("the receiver accepted %d mails of %d", got, n)
	}
	return f, nil
}

// runSender runs a sender as a process. Ours count from the order to send to
// its end, without what comes before: list, snapshot, compilation.
func runSender(role, port string, n, connections int) (f figures, err error) {
	sender := processAs(role, "PORT="+port, fmt.Sprint("N=", n), fmt.Sprint("CONNECTIONS=", connections))
	if role == "smtp-source" {
		sender = exec.Command("smtp-source", "-m", fmt.Sprint(n), "-s", fmt.Sprint(connections), "-l", fmt.Sprint(mailSize), "-d", "-N",
			"-f", "lettre@exemple.fr", "-t", "r@exemple.fr", "127.0.0.1:"+port)
	}
	var out, stderr bytes.Buffer
	sender.Stdout, sender.Stderr = &out, &stderr
	began := time.Now()
	if err := sender.Run(); err != nil {
		return f, fmt.Errorf("%w: %s", err, &stderr)
	}
	f.Wall = time.Since(began)
	f.CPU = sender.ProcessState.UserTime() + sender.ProcessState.SystemTime()
	f.peak = sender.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	_ = json.Unmarshal(out.Bytes(), &f) // what ours count themselves
	return f, nil
}

// benchSender is what a process started by BenchmarkSpeed does.
func benchSender(role string) error {
	port, _ := strconv.Atoi(os.Getenv("PORT"))
	n, _ := strconv.Atoi(os.Getenv("N"))
	connections, _ := strconv.Atoi(os.Getenv("CONNECTIONS"))
	f, err := sendAs(role, port, n, connections)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(f)
}

// accounted runs a sender and counts what it costs.
func accounted(send func() error) (f figures, err error) {
	var before, after runtime.MemStats
	var from, to syscall.Rusage
	runtime.ReadMemStats(&before)
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &from)
	began := time.Now()
	err = send()
	f.Wall = time.Since(began)
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &to)
	runtime.ReadMemStats(&after)
	f.CPU = time.Duration(to.Utime.Nano() + to.Stime.Nano() - from.Utime.Nano() - from.Stime.Nano())
	f.Mallocs, f.Bytes = float64(after.Mallocs-before.Mallocs), float64(after.TotalAlloc-before.TotalAlloc)
	return f, err
}

func sendAs(role string, port, n, connections int) (figures, error) {
	switch role {
	case "go-mail DialAndSend":
		return inParallel(n, connections, func(next func() (int, bool)) error {
			for i, ok := next(); ok; i, ok = next() {
				client, err := goMailClient(port)
				if err != nil {
					return err
				}
				if err := client.DialAndSend(goMail(i)); err != nil {
					return err
				}
			}
			return nil
		})
	case "go-mail kept connection":
		return inParallel(n, connections, func(next func() (int, bool)) error {
			client, err := goMailClient(port)
			if err != nil {
				return err
			}
			if err := client.DialWithContext(context.Background()); err != nil {
				return err
			}
			for i, ok := next(); ok; i, ok = next() {
				if err := client.Send(goMail(i)); err != nil {
					return err
				}
			}
			return client.Close()
		})
	case "hand-written floor":
		return inParallel(n, connections, func(next func() (int, bool)) error { return floor(port, next) })
	case "infolettre, no ledger":
		return sendOurs(port, connections, newMemory(n))
	}
	return sendWithStore(port, n, connections, strings.Contains(role, "NORMAL"))
}

func inParallel(n, connections int, work func(next func() (int, bool)) error) (figures, error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	var failed error
	i := 0
	next := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		i++
		return i - 1, i <= n
	}
	return accounted(func() error {
		for range connections {
			wg.Go(func() {
				if err := work(next); err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		return failed
	})
}

var benchText, benchHTML = func() (string, string) {
	text := strings.Repeat("Quelque quarante kilo-octets de texte français, déjà accentué à l’excès.\n", 90)
	return text, "<!doctype html><p>" + strings.Repeat("Quelque quarante kilo-octets de texte français, déjà accentué.</p>\n<p>", 340)
}()

// benchReader has an id all over the place, as real ones are.
func benchReader(i int) audience.Subscriber {
	var id audience.ID
	binary.BigEndian.PutUint32(id[:], uint32(i+1)*2654435761)
	return audience.Subscriber{ID: id, Address: audience.MustAddress(fmt.Sprintf("r%06d@exemple.fr", i)), Lang: "fr", Status: audience.Active}
}

func goMailClient(port int) (*mail.Client, error) {
	return mail.NewClient("127.0.0.1", mail.WithPort(port), mail.WithTLSPolicy(mail.NoTLS), mail.WithHELO("localhost"))
}

// goMail is the mail as go-mail builds it for one reader.
func goMail(i int) *mail.Msg {
	r := benchReader(i)
	m := mail.NewMsg()
	_ = m.From("lettre@exemple.fr")
	_ = m.To(r.Address.String())
	m.Subject("Un objet : l’été")
	m.SetBodyString(mail.TypeTextPlain, benchText+"https://exemple.fr/u/"+r.ID.String())
	m.AddAlternativeString(mail.TypeTextHTML, benchHTML+"https://exemple.fr/u/"+r.ID.String())
	return m
}

// benchSenderTo is ours, with the personalised mail of 43 KB.
func benchSenderTo(port, connections int, ledger deliver.Ledger) (s deliver.Sender, err error) {
	keys, err := audience.ParseKeys("exemple.fr", audience.NewKey())
	if err != nil {
		return s, err
	}
	signer, err := keys.Signer(keys.Current())
	if err != nil {
		return s, err
	}
	d := render.Document{Locale: "fr", Key: "0123456789abcdef", Subject: "Un objet : l’été"}
	d.Text = benchText + "https://exemple.fr/u/" + d.Mark(render.Unsubscribe)
	d.HTML = benchHTML + "https://exemple.fr/u/" + d.Mark(render.Unsubscribe)
	composer, err := message.NewComposer(message.Config{ListID: "exemple.fr", ListName: "x", From: audience.MustAddress("lettre@exemple.fr")},
		message.Issue{Number: 1, Date: ordered, Base: "https://exemple.fr", Signer: signer}, []render.Document{d})
	return deliver.Sender{
		Config: deliver.Config{Servers: []deliver.Server{{Host: "127.0.0.1", Port: port}}, Connections: connections}.WithDefaults(),
		Ledger: ledger, Composer: composer, Now: time.Now, Jitter: func() float64 { return 0 },
		Sleep: func(ctx context.Context, d time.Duration) error { return ctx.Err() },
	}, err
}

func sendOurs(port, connections int, ledger deliver.Ledger) (figures, error) {
	sender, err := benchSenderTo(port, connections, ledger)
	if err != nil {
		return figures{}, err
	}
	return accounted(func() error { return sender.Run(context.Background(), 1) })
}

func sendWithStore(port, n, connections int, normal bool) (f figures, err error) {
	dir, err := os.MkdirTemp("", "infolettre-bench-")
	if err != nil {
		return f, err
	}
	defer os.RemoveAll(dir)
	var options []store.Option
	if normal {
		options = append(options, store.Unsafe)
	}
	ctx := context.Background()
	s, err := store.Open(ctx, filepath.Join(dir, "bench.db"), true, options...)
	if err != nil {
		return f, err
	}
	defer s.Close()
	if err := addReaders(ctx, s, n); err != nil {
		return f, err
	}
	if err := s.Freeze(ctx, benchIssue, nil, nil, map[string]string{"fr": "fr"}); err != nil {
		return f, err
	}
	return sendOurs(port, connections, s)
}

var benchIssue = deliver.Issue{
	Number: 1, Slot: ordered, State: deliver.IssueSending, Policy: deliver.Resend, Ordered: ordered, Deadline: time.Now().AddDate(1, 0, 0),
}

// addReaders subscribes n, some thousand at a time.
func addReaders(ctx context.Context, s *store.Store, n int) error {
	const some = 5000
	for from := 0; from < n; from += some {
		var readers []audience.Subscriber
		for i := from; i < min(n, from+some); i++ {
			readers = append(readers, benchReader(i))
		}
		if _, err := s.AddSubscribers(ctx, ordered, readers); err != nil {
			return err
		}
	}
	return nil
}

// memory is a ledger that forgets, to tell the transport's cost from the
// ledger's.
type memory struct {
	mu   sync.Mutex
	left []deliver.Delivery
}

func newMemory(n int) *memory {
	m := &memory{}
	for i := range n {
		m.left = append(m.left, deliver.Delivery{Subscriber: benchReader(i), Locale: "fr"})
	}
	return m
}

func (m *memory) Due(_ context.Context, _ int, _ time.Time, _ deliver.Cursor, n int) (due []deliver.Delivery, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n = min(n, len(m.left))
	due, m.left = m.left[:n], m.left[n:]
	return due, nil
}

func (m *memory) Commit(_ context.Context, _ int, _ time.Time, _ []deliver.Outcome, intents []audience.ID) ([]audience.ID, error) {
	return intents, nil
}

func (m *memory) Answers(context.Context, int) (deliver.Answers, error) {
	return deliver.Answers{}, nil
}

// floor is the least a sender can do: bytes prepared once, one write and one
// read a message.
func floor(port int, next func() (int, bool)) error {
	c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", fmt.Sprint(port)))
	if err != nil {
		return err
	}
	defer c.Close()
	r := bufio.NewReader(c)
	replies := func(n int) error {
		for range n {
			if _, err := r.ReadSlice('\n'); err != nil {
				return err
			}
		}
		return nil
	}
	if err := replies(1); err != nil {
		return err
	}
	fmt.Fprint(c, "HELO localhost\r\n")
	if err := replies(1); err != nil {
		return err
	}
	body := bytes.Repeat([]byte("Quelque quarante kilo-octets de texte d=C3=A9j=C3=A0 encod=C3=A9.\r\n"), mailSize/66)
	var out []byte
	for i, ok := next(); ok; i, ok = next() {
		out = fmt.Appendf(out[:0], "MAIL FROM:<lettre@exemple.fr>\r\nRCPT TO:<r%06d@exemple.fr>\r\nDATA\r\n", i)
		out = append(append(out, body...), ".\r\n"...)
		if _, err := c.Write(out); err != nil {
			return err
		}
		if err := replies(4); err != nil {
			return err
		}
	}
	return nil
}
