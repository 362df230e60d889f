package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/mail"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/store"
)

// unsubscribeCommand takes a mail to the address in List-Unsubscribe from a
// mail server's pipe.
func (a *app) unsubscribeCommand() *cobra.Command {
	c := a.command("unsubscribe", "", func(c *cobra.Command, _ []string) error {
		return a.withReaders(c.Context(), false, a.unsubscribe)
	})
	c.Args = a.args(0, 0)
	return c
}

// maxHeader bounds what is read of the mail: its header, more than any server
// takes.
const maxHeader = 1 << 20

// unsubscribe goes by the token alone: the sender of a mail proves nothing.
func (a *app) unsubscribe(ctx context.Context, c config, s *store.Store) error {
	keys, err := a.readKeys(c)
	if err != nil {
		return err
	}
	m, err := mail.ReadMessage(io.LimitReader(a.stdin, maxHeader))
	if err != nil {
		return a.fail(err, "unsubscribe.no-mail")
	}
	id, ok := mailToken(keys, m.Header)
	if !ok {
		return a.fail(nil, "unsubscribe.no-token")
	}
	_, err = s.Unsubscribe(ctx, a.now(), id, audience.Consent{Origin: audience.Mailto})
	if errors.Is(err, store.ErrNotFound) {
		a.say("unsubscribe.nobody")
		return nil
	}
	if err != nil {
		return fmt.Errorf("unsubscribe: %w", err)
	}
	a.say("unsubscribe.done")
	return nil
}

// tokenLike is a token's 36 bytes in base64url.
var tokenLike = regexp.MustCompile(`[A-Za-z0-9_-]{48}`)

// mailToken looks for a token where mail programs put it: in the subject, as
// the link asks, or in the address, behind a plus. Programs add words to
// subjects, and servers rewrite addresses.
func mailToken(keys *audience.Keys, h mail.Header) (audience.ID, bool) {
	decoder := mime.WordDecoder{}
	for _, name := range []string{"Subject", "To", "Delivered-To", "X-Original-To"} {
		for _, value := range h[name] {
			if decoded, err := decoder.DecodeHeader(value); err == nil {
				value = decoded
			}
			for _, token := range tokenLike.FindAllString(value, -1) {
				if id, ok := keys.Verify(audience.Unsubscribe, token); ok {
					return id, true
				}
			}
		}
	}
	return audience.ID{}, false
}
