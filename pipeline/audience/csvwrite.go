package audience

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"
)

// CSVWriter writes a table as a spreadsheet opens it without harm: no cell is
// a formula.
type CSVWriter struct{ w *csv.Writer }

// NewCSVWriter writes the first line.
func NewCSVWriter(w io.Writer, columns ...string) (*CSVWriter, error) {
	c := &CSVWriter{csv.NewWriter(w)}
	return c, c.Write(columns...)
}

// Write writes a line.
func (c *CSVWriter) Write(cells ...string) error {
	line := make([]string, len(cells))
	for i, cell := range cells {
		line[i] = harmless(cell)
	}
	if err := c.w.Write(line); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// Flush writes what is buffered.
func (c *CSVWriter) Flush() error {
	c.w.Flush()
	return c.w.Error()
}

// ListColumns and ListCells are the list of subscribers as a table; Rows reads
// it back to the same list.
func ListColumns() []string { return []string{"email", "name", "lang", "status", "subscribed_at"} }

// ListCells is one subscriber's line of it.
func ListCells(s Life) []string {
	since := s.Confirmed
	if since.IsZero() {
		since = s.Created
	}
	return []string{s.Address.String(), s.Name, s.Lang, string(s.Status), since.Format(time.RFC3339)}
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
