package audience

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"
)

// CSVWriter writes subscribers as a spreadsheet opens them without harm: no
// cell is a formula. What it writes, Rows reads back to the same list.
type CSVWriter struct{ w *csv.Writer }

// NewCSVWriter writes the first line.
func NewCSVWriter(w io.Writer) (*CSVWriter, error) {
	c := &CSVWriter{csv.NewWriter(w)}
	return c, c.write("email", "name", "lang", "status", "subscribed_at")
}

// Write writes one subscriber.
func (c *CSVWriter) Write(s Life) error {
	since := s.Confirmed
	if since.IsZero() {
		since = s.Created
	}
	return c.write(s.Address.String(), s.Name, s.Lang, string(s.Status), since.Format(time.RFC3339))
}

func (c *CSVWriter) write(cells ...string) error {
	for i := range cells {
		cells[i] = harmless(cells[i])
	}
	if err := c.w.Write(cells); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// Flush writes what is buffered.
func (c *CSVWriter) Flush() error {
	c.w.Flush()
	return c.w.Error()
}

// formulaSigns begin what spreadsheets compute; so do tab and CR, which some
// strip before they look.
const formulaSigns = "=+-@\t\r"

// harmless prefixes an apostrophe to a cell that a spreadsheet would compute,
// and to one that already looks so prefixed: plain takes exactly one away.
func harmless(cell string) string {
	if formula(cell) {
		return "'" + cell
	}
	return cell
}

// plain undoes harmless.
func plain(cell string) string {
	if strings.HasPrefix(cell, "'") && formula(cell) {
		return cell[1:]
	}
	return cell
}

// formula reports that a cell is a formula behind any number of apostrophes.
func formula(cell string) bool {
	rest := strings.TrimLeft(cell, "'")
	return rest != "" && strings.IndexByte(formulaSigns, rest[0]) >= 0
}
