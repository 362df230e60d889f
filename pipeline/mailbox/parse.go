package mailbox

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // teaches go-message the charsets besides UTF-8
	"github.com/emersion/go-message/mail"
)

// maxDepth of multiparts within multiparts: ours have one or two, and each
// level costs another pass over the bytes.
const maxDepth = 8

var (
	errTooDeep   = errors.New("multipart nested too deep")
	htmlLanguage = regexp.MustCompile(`(?i)<html\b[^>]*?\slang\s*=\s*["']?([a-z]{2,8}(?:-[a-z0-9]{1,8})*)`)
)

// content is a message as a reader sees it. What cannot be read stays empty:
// the page shows the source in any case.
type content struct {
	Subject  string
	From, To string
	Date     time.Time
	Language string // BCP 47 tag
	HTML     string
	Text     string
	Header   []field
}

// field is one header field, decoded.
type field struct{ Name, Value string }

func parse(m Message) content {
	c := content{From: m.From, To: strings.Join(m.To, ", "), Date: m.Received}
	entity, err := message.Read(bytes.NewReader(m.Raw))
	if entity == nil || err != nil && !tolerable(err) {
		return c
	}
	c.readHeader(mail.Header{Header: entity.Header})
	_ = entity.Walk(c.readPart) // a broken part ends the walk; those before it are shown
	if c.Language == "" {
		if match := htmlLanguage.FindStringSubmatch(c.HTML); match != nil {
			c.Language = match[1]
		}
	}
	return c
}

func (c *content) readHeader(h mail.Header) {
	c.Subject, _ = h.Subject() // an undecodable subject comes as it was written
	if from, _ := h.Text("From"); from != "" {
		c.From = from
	}
	if date, err := h.Date(); err == nil && !date.IsZero() {
		c.Date = date
	}
	language, _, _ := strings.Cut(h.Get("Content-Language"), ",")
	c.Language = strings.TrimSpace(language)
	for fields := h.Fields(); fields.Next(); {
		value, err := fields.Text()
		if err != nil {
			value = fields.Value()
		}
		c.Header = append(c.Header, field{fields.Key(), value})
	}
}

// readPart keeps the first HTML and the first plain text.
func (c *content) readPart(path []int, part *message.Entity, err error) error {
	if err != nil && !tolerable(err) {
		return err
	}
	if len(path) > maxDepth {
		return errTooDeep
	}
	mediaType, _, err := part.Header.ContentType()
	if err != nil {
		return nil // a part of unknown type is not shown
	}
	var target *string
	switch mediaType {
	case "text/html":
		target = &c.HTML
	case "text/plain":
		target = &c.Text
	default:
		return nil
	}
	if *target != "" {
		return nil
	}
	body, err := io.ReadAll(part.Body)
	*target = strings.ToValidUTF8(string(body), "\uFFFD")
	return err
}

// tolerable errors leave a part readable, only not decoded.
func tolerable(err error) bool {
	return message.IsUnknownCharset(err) || message.IsUnknownEncoding(err)
}
