package deliver_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
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
		n, connections := 3000, 10
		if delay > 0 {
			n, connections = 300, 1
		}
		fmt.Printf("\n%d mails of 43 KB, %d connections, replies %s away\n", n, connections, delay)
		fmt.Printf("%-34s %9s %9s %9s %11s %9s %9s\n", "", "CPU µs", "ratio", "msg/s", "allocations", "bytes", "peak MiB")
		base := 0.0
		for _, role := range senders() {
			f, err := measure(role, n, connections, delay)
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

const (
	roleVariable = "INFOLETTRE_BENCH_ROLE"
	mailSize     = 43 << 10
)

// measure runs a receiver and a sender as processes. Ours count from the order
// to send to its end, without what comes before: list, snapshot, compilation.
func measure(role string, n, connections int, delay time.Duration) (f figures, err error) {
	receiver := exec.Command(os.Args[0], "-test.run=^$")
	receiver.Env = append(os.Environ(), roleVariable+"=receiver", "DELAY="+delay.String())
	stdout, err := receiver.StdoutPipe()
	if err != nil {
		return f, err
	}
	stdin, err := receiver.StdinPipe()
	if err != nil {
		return f, err
	}
	if err := receiver.Start(); err != nil {
		return f, err
	}
	lines := bufio.NewScanner(stdout)
	lines.Scan()
	port := lines.Text()

	sender := exec.Command(os.Args[0], "-test.run=^$")
	sender.Env = append(os.Environ(), roleVariable+"="+role, "PORT="+port, fmt.Sprint("N=", n), fmt.Sprint("CONNECTIONS=", connections))
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
	_ = json.Unmarshal(out.Bytes(), &f)

	stdin.Close() // the receiver says what it accepted, and ends
	lines.Scan()
	if got, _ := strconv.Atoi(lines.Text()); got != n {
		return f, fmt.Errorf("the receiver accepted %s mails of %d", lines.Text(), n)
	}
	return f, receiver.Wait()
}

// benchRole is what a process started by BenchmarkSpeed does instead of tests.
func benchRole(role string) error {
	if role == "receiver" {
		delay, err := time.ParseDuration(os.Getenv("DELAY"))
		if err != nil {
			return err
		}
		return receive(delay)
	}
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

func benchReader(i int) audience.Subscriber {
	id := audience.ID{1, byte(i >> 16), byte(i >> 8), byte(i)}
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

func sendOurs(port, connections int, ledger deliver.Ledger) (f figures, err error) {
	keys, err := audience.ParseKeys("exemple.fr", audience.NewKey())
	if err != nil {
		return f, err
	}
	signer, err := keys.Signer(keys.Current())
	if err != nil {
		return f, err
	}
	d := render.Document{Locale: "fr", Key: "0123456789abcdef", Subject: "Un objet : l’été"}
	d.Text = benchText + "https://exemple.fr/u/" + d.Mark(render.Unsubscribe)
	d.HTML = benchHTML + "https://exemple.fr/u/" + d.Mark(render.Unsubscribe)
	composer, err := message.NewComposer(message.Config{ListID: "exemple.fr", ListName: "x", From: audience.MustAddress("lettre@exemple.fr")},
		message.Issue{Number: 1, Date: ordered, Base: "https://exemple.fr", Signer: signer}, []render.Document{d})
	if err != nil {
		return f, err
	}
	sender := deliver.Sender{
		Config: deliver.Config{Servers: []deliver.Server{{Host: "127.0.0.1", Port: port}}, Connections: connections}.WithDefaults(),
		Ledger: ledger, Composer: composer, Now: time.Now, Jitter: func() float64 { return 0 },
		Sleep: func(ctx context.Context, d time.Duration) error { return ctx.Err() },
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
	var readers []audience.Subscriber
	for i := range n {
		readers = append(readers, benchReader(i))
	}
	if _, err := s.AddSubscribers(ctx, ordered, readers); err != nil {
		return f, err
	}
	is := deliver.Issue{Number: 1, Slot: ordered, State: deliver.IssueSending, Policy: deliver.Resend, Ordered: ordered, Deadline: ordered.AddDate(1, 0, 0)}
	if err := s.Freeze(ctx, is, nil, nil, map[string]string{"fr": "fr"}); err != nil {
		return f, err
	}
	return sendOurs(port, connections, s)
}

// memory is a ledger that forgets, to tell the transport's cost from the
// ledger's.
type memory struct {
	mu   sync.Mutex
	n, i int
}

func newMemory(n int) *memory { return &memory{n: n} }

func (m *memory) Due(_ context.Context, _ int, _ time.Time, _ deliver.Cursor, n int) (due []deliver.Delivery, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for ; n > 0 && m.i < m.n; n-- {
		due = append(due, deliver.Delivery{Subscriber: benchReader(m.i), Locale: "fr"})
		m.i++
	}
	return due, nil
}

func (m *memory) Commit(_ context.Context, _ int, _ time.Time, _ []deliver.Outcome, intents []audience.ID) ([]audience.ID, error) {
	return intents, nil
}

func (m *memory) NextDue(context.Context, int) (time.Time, bool, error) {
	return time.Time{}, false, nil
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

// receive is a receiver that does as little as it can: it answers, counts,
// and says at the end of its standard input how many mails it accepted. With
// a delay, replies come that much after what they answer, as over a network.
func receive(delay time.Duration) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	var mu sync.Mutex
	accepted := 0
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				n := serve(c, delay)
				mu.Lock()
				accepted += n
				mu.Unlock()
			}()
		}
	}()
	_, _ = io.Copy(io.Discard, os.Stdin)
	l.Close()
	for range 200 { // connections that were closed a moment ago
		mu.Lock()
		n := accepted
		mu.Unlock()
		time.Sleep(2 * time.Millisecond)
		mu.Lock()
		same := n == accepted
		mu.Unlock()
		if same && n > 0 {
			break
		}
	}
	mu.Lock()
	defer mu.Unlock()
	fmt.Println(accepted)
	return nil
}

func serve(c net.Conn, delay time.Duration) (accepted int) {
	defer c.Close()
	r, w := bufio.NewReaderSize(c, 64<<10), bufio.NewWriter(c)
	say := func(line string) { _, _ = w.WriteString(line + "\r\n") }
	say("220 localhost")
	body := false
	for {
		if r.Buffered() == 0 {
			if delay > 0 && w.Buffered() > 0 {
				time.Sleep(delay)
			}
			if w.Flush() != nil {
				return accepted
			}
		}
		line, err := r.ReadSlice('\n')
		if err != nil {
			return accepted
		}
		switch {
		case body && string(line) == ".\r\n":
			body = false
			accepted++
			say("250 2.0.0 ok")
		case body:
		case bytes.HasPrefix(line, []byte("EHLO")):
			say("250-localhost\r\n250 PIPELINING")
		case bytes.HasPrefix(line, []byte("DATA")):
			body = true
			say("354 go on")
		case bytes.HasPrefix(line, []byte("QUIT")):
			say("221 bye")
			_ = w.Flush()
			return accepted
		default:
			say("250 2.1.0 ok")
		}
	}
}
