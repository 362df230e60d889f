package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/infolettre/infolettre/pipeline/deliver"
)

// ErrSuspect says that a database must not send before a person accepts it:
// what it believes unsent may have been sent by the one it was copied from.
var ErrSuspect = errors.New("the database is not the one that sent last from here")

// suspicion is why: "state-missing", "state-other", "state-behind" or
// "state-unreadable".
type suspicion struct{ name, file string }

func (s *suspicion) Error() string { return fmt.Sprintf("%s: %s (%s)", ErrSuspect, s.name, s.file) }

func (s *suspicion) Unwrap() error { return ErrSuspect }

func (s *suspicion) Cause() deliver.Cause { return deliver.Cause{Name: s.name, Detail: s.file} }

// Ledger is what a witness watches.
type Ledger interface {
	Standing(ctx context.Context) (deliver.Standing, error)
	// Begin gives the ledger an identity, unless it has one.
	Begin(ctx context.Context) error
	// Adopt gives it another, and a counter above the one given.
	Adopt(ctx context.Context, above int64) error
}

// Witness keeps, in a small file beside the database, which database this is
// and how far it has come. A backup that was restored knows less than the
// file; a copy on another machine finds none.
//
// The ledger is written first, then the file, so a crash between the two
// leaves the file behind, which is no reason for suspicion.
type Witness struct {
	File   string
	Ledger Ledger
	Shared bool // workers on other machines send from the same database
}

// testimony is the file's content, as JSON.
type testimony struct {
	Instance string `json:"instance"`
	Counter  int64  `json:"counter"`
	Departed int64  `json:"departed,omitempty"`
}

// Check compares ledger and file; the error wraps ErrSuspect when they tell
// different stories.
func (w *Witness) Check(ctx context.Context) error {
	_, _, err := w.compare(ctx)
	return err
}

func (w *Witness) compare(ctx context.Context) (deliver.Standing, testimony, error) {
	is, err := w.standing(ctx)
	if err != nil {
		return is, testimony{}, err
	}
	known, err := w.read()
	switch {
	case errors.Is(err, fs.ErrNotExist) && is.Counter == 0:
		// Nothing was made yet, or all of it by a version that kept no file.
		return is, testimony{}, nil
	case errors.Is(err, fs.ErrNotExist):
		return is, testimony{}, &suspicion{"state-missing", w.File}
	case err != nil:
		return is, testimony{}, err
	case known.Instance != is.Instance && is.Counter == 0 && is.Issues == 0:
		// Begun anew, by somebody who had to fill it anew.
		return is, known, nil
	case known.Instance != is.Instance:
		return is, known, &suspicion{"state-other", w.File}
	case known.Counter > is.Counter, known.Departed > is.Departed:
		return is, known, &suspicion{"state-behind", w.File}
	}
	return is, known, nil
}

// Note writes down how far the ledger has come, if it is the one that was known.
func (w *Witness) Note(ctx context.Context) error {
	is, known, err := w.compare(ctx)
	now := testimony{is.Instance, is.Counter, is.Departed}
	if err != nil || now == known {
		return err
	}
	return w.write(now)
}

// standing gives a ledger its identity when it has none.
func (w *Witness) standing(ctx context.Context) (deliver.Standing, error) {
	is, err := w.Ledger.Standing(ctx)
	if err != nil || is.Instance != "" {
		return is, err
	}
	if err := w.Ledger.Begin(ctx); err != nil {
		return is, err
	}
	return w.Ledger.Standing(ctx)
}

// Accept is a person's order to send from this database from now on.
func (w *Witness) Accept(ctx context.Context) error {
	if _, err := w.standing(ctx); err != nil {
		return err
	}
	known, err := w.read()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// A machine that joins the others must not make their database another.
	if joins := w.Shared && errors.Is(err, fs.ErrNotExist); !joins {
		if err := w.Ledger.Adopt(ctx, known.Counter); err != nil {
			return err
		}
	}
	is, err := w.Ledger.Standing(ctx)
	if err != nil {
		return err
	}
	return w.write(testimony{is.Instance, is.Counter, is.Departed})
}

func (w *Witness) read() (testimony, error) {
	var t testimony
	data, err := os.ReadFile(w.File)
	if err != nil {
		return t, err
	}
	if err := json.Unmarshal(data, &t); err != nil {
		return t, &suspicion{"state-unreadable", w.File}
	}
	return t, nil
}

// write replaces the file whole, or not at all.
func (w *Witness) write(t testimony) error {
	data, err := json.Marshal(t)
	if err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(w.File), ".infolettre.state-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", w.File, err)
	}
	_, errWrite := temporary.Write(append(data, '\n'))
	err = errors.Join(errWrite, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), w.File)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", w.File, err), os.Remove(temporary.Name()))
	}
	return nil
}
