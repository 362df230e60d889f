package smtptest

import (
	"slices"
	"strings"
	"time"
)

// Step is a point of the conversation at which a fault can strike.
type Step string

// The steps, in the order of a conversation.
const (
	Banner   Step = "banner"
	EHLO     Step = "EHLO" // and HELO
	StartTLS Step = "STARTTLS"
	Auth     Step = "AUTH" // the last reply, about the credentials
	Mail     Step = "MAIL"
	Rcpt     Step = "RCPT"
	Data     Step = "DATA"
	Body     Step = "body" // between 354 and the final dot; see Fault.After
	Dot      Step = "dot"  // the reply to the final dot
	Rset     Step = "RSET"
	Quit     Step = "QUIT"
)

// Action is what becomes of a reply on its way to the client.
type Action int

const (
	Send  Action = iota // the whole reply
	Close               // the whole reply, then the connection closes
	Half                // its first half, then the connection closes
	Lose                // none of it: the server does what was asked, then closes
	Drop                // none of it: the server does nothing and closes
)

// Fault says where the server misbehaves, and how. The server does what the
// code of its reply says, whatever the client gets to see of that reply:
// {Step: Dot, Action: Half} accepts the message, {Step: Data, Code: 354} reads
// a body even when every recipient was refused.
type Fault struct {
	Step        Step
	To          string // from RCPT on: only in a transaction naming this address or, with a leading @, this domain
	Transaction int    // only in the n-th transaction of a connection, counted from 1
	Skip        int    // let that many matches pass first
	Times       int    // strike at most that often; 0 is always

	// The reply; without Code it is the one a well-behaved server would give.
	Code     int
	Enhanced string
	Text     string
	Raw      string // written in place of the reply, exactly as it is

	Action Action
	After  int // with Body: strike before the first line beyond that many bytes, if the body has one

	// What happens before the reply, in this order. Closing the server ends both waits.
	Reached func()          // tells the test that the fault has struck
	Delay   time.Duration   // waits that long
	Hold    <-chan struct{} // waits until the channel is closed
}

// rule is a fault and the number of times it has matched.
type rule struct {
	Fault
	matched int
}

// strikes counts a match, and reports whether the fault acts on it.
func (r *rule) strikes(step Step, c *session) bool {
	if r.Step != step || r.Transaction != 0 && r.Transaction != c.transaction {
		return false
	}
	named := c.named
	if step == Rcpt {
		named = named[len(named)-1:] // this recipient, not the ones before it
	}
	if r.To != "" && !slices.ContainsFunc(named, r.concerns) {
		return false
	}
	r.matched++
	return r.matched > r.Skip && (r.Times == 0 || r.matched <= r.Skip+r.Times)
}

func (r *rule) concerns(address string) bool {
	if strings.HasPrefix(r.To, "@") {
		return strings.HasSuffix(strings.ToLower(address), strings.ToLower(r.To))
	}
	return strings.EqualFold(address, r.To)
}

// verdict is the reply the server means to give.
func (f Fault) verdict(normal reply) reply {
	if f.Code == 0 {
		return normal
	}
	return reply{f.Code, f.Enhanced, f.Text}
}

// unseen reports whether the client is kept from the server's reply.
func (f Fault) unseen() bool {
	return f.Raw != "" || f.Action == Half || f.Action == Lose || f.Action == Drop
}
