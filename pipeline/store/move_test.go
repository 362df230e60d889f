package store_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/infolettre/infolettre/pipeline/audience"
	"github.com/infolettre/infolettre/pipeline/deliver"
	"github.com/infolettre/infolettre/pipeline/issue"
	"github.com/infolettre/infolettre/pipeline/render"
	"github.com/infolettre/infolettre/pipeline/store"
	"github.com/infolettre/infolettre/pipeline/store/storetest"
)

// What a file holds is in PostgreSQL after the move, and the send goes on
// there; a database that holds something is not moved into.
func TestMove(t *testing.T) {
	from, to := storetest.SQLite(t), storetest.Postgres(t)
	ids := readers(t, from, 50)
	items := []issue.Item{{ID: "billet"}}
	documents := []render.Document{{Locale: "fr", Subject: "Nº 1 : « œuvre »", HTML: "<p>\u202f</p>"}}
	if err := from.Freeze(t.Context(), weekly(1, deliver.Resend), items, documents, map[string]string{"fr": "fr"}); err != nil {
		t.Fatal(err)
	}
	commit(t, from, nil, ids[:2], ids[:2])
	commit(t, from, []deliver.Outcome{{Subscriber: ids[0], State: deliver.Uncertain, Reply: deliver.Reply{Text: "\x00\xfe silence"}}}, nil, nil)
	if _, err := from.Unsubscribe(t.Context(), ordered, ids[9], audience.Consent{Origin: audience.Link}); err != nil {
		t.Fatal(err)
	}
	moved := map[string]int{}
	if err := store.Move(t.Context(), from, to, func(table string, rows int) { moved[table] = rows }); err != nil {
		t.Fatal(err)
	}
	if moved["subscribers"] != 50 || moved["deliveries"] != 50 || moved["documents"] != 1 || moved["consents"] != 51 {
		t.Errorf("moved %v", moved)
	}
	for _, s := range []*store.Store{from, to} {
		tally(t, s, 1, map[deliver.State]int{deliver.Pending: 48, deliver.Sending: 1, deliver.Uncertain: 1})
	}
	want, err := from.Documents(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := to.Documents(t.Context(), 1)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	commit(t, to, nil, ids[8:10], ids[8:9]) // one has left
	if err := store.Move(t.Context(), from, to, func(string, int) {}); !errors.Is(err, store.ErrNotEmpty) {
		t.Errorf("a second time: %v", err)
	}
}
