package deliver_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"
)

// Some tests want processes of their own, to kill them or to account for
// them. They are this test's binary again, in a role.
const roleVariable = "INFOLETTRE_TEST_ROLE"

// processAs is a process in a role, not started yet.
func processAs(role string, environ ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], "-test.run=^$")
	c.Env = append(append(os.Environ(), roleVariable+"="+role), environ...)
	return c
}

// play is what such a process does.
func play(role string) error {
	switch role {
	case "receiver":
		delay, err := time.ParseDuration(os.Getenv("DELAY"))
		if err != nil {
			return err
		}
		return receive(delay)
	case "tortured":
		return tortured()
	case "million":
		return million()
	}
	return benchSender(role)
}

// receiver is an SMTP server in a process of its own that counts the mails of
// each reader.
type receiver struct {
	port  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines *bufio.Reader
}

func startReceiver(delay time.Duration) (*receiver, error) {
	r := &receiver{cmd: processAs("receiver", "DELAY="+delay.String())}
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if r.stdin, err = r.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	r.lines = bufio.NewReader(stdout)
	line, err := r.lines.ReadString('\n')
	r.port = line[:max(0, len(line)-1)]
	return r, err
}

// counts are the mails accepted since the last call, by the reader's number.
func (r *receiver) counts() (counts []byte, err error) {
	if _, err := io.WriteString(r.stdin, "count\n"); err != nil {
		return nil, err
	}
	line, err := r.lines.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	return counts, json.Unmarshal(line, &counts)
}

func (r *receiver) stop() {
	r.stdin.Close()
	_ = r.cmd.Wait()
}

// receive does as little as a receiver can: it answers, counts, and says what
// it counted when asked on its standard input. With a delay, replies come that
// much after what they answer, as over a network.
func receive(delay time.Duration) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr().(*net.TCPAddr).Port)
	h := &hall{delay: delay}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			h.enter(c)
		}
	}()
	defer l.Close()
	for asked := bufio.NewScanner(os.Stdin); asked.Scan(); {
		if err := json.NewEncoder(os.Stdout).Encode(h.count()); err != nil {
			return err
		}
	}
	return nil
}

// hall is where the connections of a receiver meet.
type hall struct {
	delay time.Duration

	mu       sync.Mutex
	empty    *sync.Cond
	open     int
	accepted []byte // mails by reader's number
}

func (h *hall) enter(c net.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open++
	go func() {
		defer h.leave()
		defer c.Close()
		h.serve(c)
	}()
}

func (h *hall) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open--
	if h.empty != nil {
		h.empty.Broadcast()
	}
}

// count waits for the connections of a sender that has ended.
func (h *hall) count() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.empty = sync.NewCond(&h.mu)
	for h.open > 0 {
		h.empty.Wait()
	}
	counts := h.accepted
	h.accepted = nil
	return counts
}

func (h *hall) accept(reader int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if missing := reader + 1 - len(h.accepted); missing > 0 {
		h.accepted = append(h.accepted, make([]byte, missing)...)
	}
	h.accepted[reader]++
}

// readerIn is the number in "RCPT TO:<r000012@exemple.fr>", 0 without one.
func readerIn(line []byte) int {
	_, rest, _ := bytes.Cut(line, []byte("<r"))
	digits, _, _ := bytes.Cut(rest, []byte("@"))
	n, _ := strconv.Atoi(string(digits))
	return n
}

func (h *hall) serve(c net.Conn) {
	r, w := bufio.NewReaderSize(c, 64<<10), bufio.NewWriter(c)
	say := func(line string) { _, _ = w.WriteString(line + "\r\n") }
	say("220 localhost")
	body, reader := false, 0
	for {
		if r.Buffered() == 0 {
			if h.delay > 0 && w.Buffered() > 0 {
				time.Sleep(h.delay)
			}
			if w.Flush() != nil {
				return
			}
		}
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		switch {
		case body && string(line) == ".\r\n":
			body = false
			h.accept(reader)
			say("250 2.0.0 ok")
		case body:
		case bytes.HasPrefix(line, []byte("EHLO")):
			say("250-localhost\r\n250 PIPELINING")
		case bytes.HasPrefix(line, []byte("RCPT")):
			reader = readerIn(line)
			say("250 2.1.5 ok")
		case bytes.HasPrefix(line, []byte("DATA")):
			body = true
			say("354 go on")
		case bytes.HasPrefix(line, []byte("QUIT")):
			say("221 bye")
			_ = w.Flush()
			return
		default:
			say("250 2.1.0 ok")
		}
	}
}
