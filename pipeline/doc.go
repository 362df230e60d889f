// Package pipeline carries entries to mailboxes; its subpackages are the stages.
//
// Data flows one way:
//
//	content → issue → render → message → deliver
//
// Upstream never knows downstream.
//
//	content            dated Markdown entries from a folder, with file:line problems
//	content/git        the commit entries were read from, and a copy of their repository
//	issue              slots, windows, numbering: which entries make which issue (pure)
//	render             an issue in one locale: mail HTML, web HTML, text, subject
//	render/markdown    Markdown to HTML and text, from one parse
//	render/typography  French micro-typography (pure)
//	render/link        what the words and the host of a link tell (pure)
//	render/theme       the one table of styles
//	render/mailrules   what a program can check of a mail
//	check              what authors should mend before an issue is sent
//	audience           subscribers, addresses, tokens, consent, CSV files
//	message            a document to one reader's bytes
//	deliver            connections, the ledger's protocol, retries
//	schedule           what is to be done now: slots due, catching up, approval
//	stats              figures of issues and weeks, and their chart (pure)
//	store              SQLite and PostgreSQL: implements what the stages ask for
//	outbox             the small mails that an event calls for
//	web                the pages that readers and scanners see
//	preview            the very mail in the author's browser, again at each save
//	setting            a value of the settings that cannot work
//	httpd              an HTTP server, until it is told to stop
//	loopback           pages that are for this machine alone
//	mailbox            the demo's SMTP server and mailbox page
//
// The spine is in pipeline.go: Plan, Freeze, Deliver. Interfaces are declared
// where they are used; store satisfies them from the end of the graph, and
// only the command imports it. What may import what is a table in
// architecture_test.go.
package pipeline
