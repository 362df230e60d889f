package deliver

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// Reply is what the server said, or why it said nothing.
type Reply struct {
	Code     int    // 0: no reply came (EOF, timeout, DNS)
	Enhanced string // RFC 3463, "5.1.1"; "" when there is none
	Text     string // of code 0: a Cause
}

func (r Reply) String() string {
	if r.Code == 0 {
		return r.Text
	}
	return strings.Join(strings.Fields(fmt.Sprint(r.Code, " ", r.Enhanced, " ", r.Text)), " ")
}

// permanent and temporary: RFC 5321 §4.2.1.
func (r Reply) permanent() bool { return r.Code >= 500 }

// newReply separates the enhanced code from the text; further lines of a
// multi-line reply repeat it.
func newReply(code int, lines []string) Reply {
	r := Reply{Code: code}
	if len(lines) == 0 {
		return r
	}
	// An enhanced code of another class than the reply's is not believed (RFC 3463 §2).
	if e := enhancedCode(lines[0]); e != "" && int(e[0]-'0') == code/100 {
		r.Enhanced = e
		for i, line := range lines {
			lines[i] = strings.TrimSpace(strings.TrimPrefix(line, e))
		}
	}
	r.Text = kept(strings.Join(lines, " "))
	return r
}

// enhancedCode is the one a text begins with, "" without one: a class, a
// subject and a detail of up to three digits (RFC 3463 §2).
func enhancedCode(text string) string {
	code := text
	if end := strings.IndexAny(text, " -\n"); end >= 0 {
		code = text[:end]
	}
	class, rest, _ := strings.Cut(code, ".")
	subject, detail, _ := strings.Cut(rest, ".")
	if class != "2" && class != "4" && class != "5" || !shortNumber(subject) || !shortNumber(detail) {
		return ""
	}
	return code
}

func shortNumber(s string) bool {
	return len(s) >= 1 && len(s) <= 3 && strings.Trim(s, "0123456789") == ""
}

// maxReplyText is as much of a reply as is worth keeping, in bytes.
const maxReplyText = 400

// kept is what is kept of a server's text, which may hold anything: no address,
// since it would be in the ledger, and in logs, still when its person was erased.
func kept(text string) string {
	text = audience.Redact(text)
	end := min(len(text), maxReplyText)
	for end < len(text) && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// Class is what a reply means for the recipient, for us and for the server.
type Class string

// Classes of replies.
const (
	ClassNone     Class = ""         // accepted
	ClassHard     Class = "hard"     // the mailbox does not exist: suppress
	ClassBare     Class = "bare"     // 550 without an enhanced code: suppress at the second, on another day
	ClassFull     Class = "full"     // the mailbox is full: a soft count
	ClassSoft     Class = "soft"     // refused for a reason of its own: a soft count
	ClassLater    Class = "later"    // try again
	ClassThrottle Class = "throttle" // we are too fast
	ClassPolicy   Class = "policy"   // we are not wanted there: its domain rests, suppress nobody
	ClassOurs     Class = "ours"     // our message is at fault: stop
	ClassNetwork  Class = "network"  // no reply: never a bounce
	ClassExpired  Class = "expired"  // the deadline passed while it waited
)

// Classes lists the classes of deliveries that were refused or wait.
var Classes = []Class{
	ClassHard, ClassBare, ClassFull, ClassSoft, ClassExpired, // refused
	ClassLater, ClassThrottle, ClassPolicy, ClassNetwork, // waiting
}

// phase is how far a transaction had come when a reply arrived.
type phase int

const (
	phaseConnect phase = iota // banner, EHLO, STARTTLS, AUTH
	phaseMail
	phaseRcpt
	phaseData
	phaseDot // the final dot was sent: the message may be the server's
)

// classify reads a reply other than the one hoped for.
func classify(p phase, r Reply) Class {
	subject := strings.TrimLeft(r.Enhanced, "245")
	switch {
	case r.Code == 0:
		return ClassNetwork
	case r.Code < 500 && subject == ".7.1" && p == phaseRcpt && r.Code != 421:
		return ClassLater // greylisting says it so, of one recipient
	case r.Code == 421, r.Code < 500 && strings.HasPrefix(subject, ".7."):
		return ClassThrottle
	case r.Code == 552 && r.Enhanced == "", subject == ".3.4":
		return ClassOurs
	case subject == ".2.2":
		return ClassFull
	case !r.permanent():
		return ClassLater
	case strings.HasPrefix(subject, ".7."), p <= phaseMail, r.aboutSender():
		// A refusal of the sender, whatever its code, is no word on the recipient.
		return ClassPolicy
	case r.unknownMailbox() && p == phaseRcpt:
		return ClassHard
	case r.Code == 550 && r.Enhanced == "" && p == phaseRcpt:
		return ClassBare
	}
	return ClassSoft
}

// aboutSender reports a refusal of the sender's address, which a server may put
// off until RCPT (RFC 3463 §3.2).
func (r Reply) aboutSender() bool { return r.Enhanced == "5.1.7" || r.Enhanced == "5.1.8" }

func (r Reply) unknownMailbox() bool {
	switch r.Enhanced {
	case "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1":
		return true
	}
	return false
}

// final reports that another attempt would hear the same.
func final(c Class, r Reply) bool {
	return c == ClassHard || c == ClassBare || c == ClassSoft || c == ClassFull && r.permanent()
}

// ReplyError is what a server said in place of taking a mail.
type ReplyError struct {
	Server string
	Class  Class
	Reply  Reply
}

// Cause is what the server said, or why it said nothing.
func (e *ReplyError) Cause() Cause {
	switch {
	case e.Reply.Code == 0:
		return ParseCause(e.Reply.Text)
	case e.Class == ClassOurs:
		return Cause{"ours", e.Reply.String()}
	}
	return Cause{"answered", e.Reply.String()}
}

func (e *ReplyError) Error() string { return fmt.Sprintf("smtp server %s: %s", e.Server, e.Reply) }

// Final reports that another attempt would hear the same.
func (e *ReplyError) Final() bool { return final(e.Class, e.Reply) }

// ServerError is a server that no mail could be offered to.
type ServerError struct {
	Server string
	Err    error
}

func (e *ServerError) Error() string {
	return fmt.Sprintf("smtp server %s: %s", e.Server, kept(e.Err.Error()))
}

func (e *ServerError) Unwrap() error { return e.Err }

// decide turns a reply into the outcome of an attempt.
func (s *Sender) decide(d Delivery, p phase, r Reply) Outcome {
	o := Outcome{Subscriber: d.Subscriber.ID, Reply: r, phase: p}
	if p == phaseDot && r.Code/100 == 2 {
		o.State = Accepted
		return o
	}
	o.Class = classify(p, r)
	switch {
	case p == phaseDot && o.Class == ClassNetwork:
		o.State = Uncertain
	case final(o.Class, r):
		o.State = Refused
	default:
		o.State = Pending
		o.NextAt = s.Now().Add(s.delay(o.Class, d.Attempts))
	}
	return o
}

// refusesSender reports that a server does not want our mails, whoever
// receives them.
func (o Outcome) refusesSender() bool { return o.Class == ClassPolicy && o.phase <= phaseMail }

// doubtsSender reports that it may be so: a server puts the refusal off until
// RCPT, or this recipient's own server says so of us.
func (o Outcome) doubtsSender() bool {
	return o.Class == ClassPolicy && o.phase == phaseRcpt && o.Reply.aboutSender()
}

// Delays between the attempts for one recipient.
const (
	firstDelay   = 5 * time.Minute
	longestDelay = 4 * time.Hour
	// domainRest is how long a domain is left alone whose server refuses us.
	// It is shorter than the wait of the one who was refused, so that the next
	// to be tried is another: the refusal may have been about that mailbox.
	domainRest = time.Hour
)

// Delay is how long a recipient waits after so many earlier attempts: it
// doubles from 5 min to 4 h.
func Delay(attempts int) time.Duration { return min(firstDelay<<min(attempts, 10), longestDelay) }

// delay is Delay with up to a fifth of jitter, so that a thousand waiting
// recipients do not come back at once. A connection that broke is no fault of
// the recipient's: the first time, it costs no wait.
func (s *Sender) delay(c Class, attempts int) time.Duration {
	switch {
	case c == ClassNetwork && attempts == 0:
		return 0
	case c == ClassPolicy:
		return longestDelay
	}
	d := Delay(attempts)
	return d + time.Duration(s.Jitter()*float64(d)/5)
}
