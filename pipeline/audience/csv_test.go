package audience

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// Each case of testdata/csv is a file as a spreadsheet or a service writes it,
// and below it what is understood of it. %EB is a byte; "encode:" says what to
// do with the rest. Two readings differ in those who left below; then both are
// shown.
func TestCSV(t *testing.T) {
	files, err := filepath.Glob("testdata/csv/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			archive := txtar.Parse(data)
			in := encodeCase(t, string(archive.Comment), string(archive.Files[0].Data))
			var ignored []string
			if _, column, ok := strings.Cut(string(archive.Comment), "ignore: "); ok {
				ignored = []string{strings.TrimSpace(column)}
			}
			if diff := cmp.Diff(string(archive.Files[1].Data), understood(t, in, ignored)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func encodeCase(t *testing.T, comment, text string) []byte {
	t.Helper()
	_, how, _ := strings.Cut(comment, "encode: ")
	if strings.Contains(how, "crlf") {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	if strings.Contains(how, "returns") {
		text = strings.ReplaceAll(text, "\n", "\r")
	}
	if strings.Contains(how, "bom") {
		text = byteOrderMark + text
	}
	var err error
	switch {
	case strings.Contains(how, "windows-1252"):
		text, err = charmap.Windows1252.NewEncoder().String(text)
	case strings.Contains(how, "bare utf-16"):
		text, err = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().String(text)
	case strings.Contains(how, "utf-16"):
		text, err = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
	}
	if err == nil {
		text, err = url.PathUnescape(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	return []byte(text)
}

// understood writes what Detect and Rows make of a file.
func understood(t *testing.T, in []byte, ignored []string) string {
	t.Helper()
	var out strings.Builder
	layout, err := Detect(bytes.NewReader(in), ignored...)
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return fmt.Sprintln(refusal)
	}
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(&out, strings.TrimSpace(fmt.Sprintf("%s %q %s", layout.Encoding, layout.Separator, layout.Service)))
	rowsOf(t, &out, &layout, in)
	first := out.Len()
	rowsOf(t, &out, &layout, in)
	again := out.String()[first:]
	if once := out.String()[:first]; !strings.HasSuffix(once, "\n"+again) {
		return once + "again:\n" + again
	}
	return out.String()[:first]
}

// rowsOf writes one reading of a file.
func rowsOf(t *testing.T, out *strings.Builder, layout *Layout, in []byte) {
	t.Helper()
	for row, err := range layout.Rows(bytes.NewReader(in)) {
		if err != nil {
			fmt.Fprintln(out, err)
			continue
		}
		line := []string{fmt.Sprint(row.Line), row.Address.String(), fmt.Sprintf("%q", row.Name), row.Lang}
		if row.Lang == "" {
			line[3] = "-"
		}
		if line[1] == "" {
			line[1] = "-"
		}
		if row.Since != "" {
			line = append(line, "since:"+row.Since)
		}
		line = append(line, row.Network, string(row.Skipped))
		if row.Undone {
			line = append(line, "undone")
		}
		fmt.Fprintln(out, strings.Join(slices.DeleteFunc(line, func(s string) bool { return s == "" }), " "))
	}
}

// The encoding is that of the whole file, not of its beginning. Letters of
// two bytes stand across every border of a buffer.
func TestCSVEncodingFarBelow(t *testing.T) {
	file := func(name, last string) string {
		var b strings.Builder
		b.WriteString("email,name\n")
		for i := range 20_000 {
			fmt.Fprintf(&b, "a%d@exemple.fr,%s\n", i, name)
		}
		return b.String() + last
	}
	for _, test := range []struct {
		name, last string
		want       Encoding
		mixed      int
	}{
		{"été", "z@exemple.fr,Zoé\n", UTF8, 0},
		{"Zo", "z@exemple.fr,Zo\xe9\n", Windows1252, 0},
		{"\xe9t\xe9", "z@exemple.fr,Zoé\n", Windows1252, 0},
		{"été", "z@exemple.fr,Zo\xe9\n", "", 20_002},
	} {
		layout, err := Detect(strings.NewReader(file(test.name, test.last)))
		var refusal *Refusal
		if mixed := errors.As(err, &refusal); layout.Encoding != test.want || mixed != (test.mixed > 0) || mixed && refusal.Line != test.mixed {
			t.Errorf("%q: got %s, %v; want %s", test.last, layout.Encoding, err, test.want)
		}
	}
}

// A quotation mark that is never closed does not take the memory of the whole
// file.
func TestCSVEndlessRow(t *testing.T) {
	file := "email,name\nzoe@exemple.fr,\"" + strings.Repeat("x\n", 2*maxRecord)
	layout, err := Detect(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range layout.Rows(strings.NewReader(file)) {
		var refusal *Refusal
		if !errors.As(err, &refusal) || refusal.ID != "length" || refusal.Line != 2 {
			t.Errorf("got %v", err)
		}
	}
}

// What is written is read back, and no cell of it is a formula.
func TestCSVRoundTrip(t *testing.T) {
	when := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	var want []Row
	var file bytes.Buffer
	w, err := NewCSVWriter(&file, ListColumns()...)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"", "Zoé", "=1+1", "'=1", "''+x", "-", "@a", "'t Hooft", `"a", b`, "a;b", "=HYPERLINK(\"http://x\")", "'"} {
		row := Row{Line: i + 2, Since: when.Format(time.RFC3339)}
		row.Address, row.Name, row.Lang, row.Status = MustAddress(fmt.Sprintf("+a%d@exemple.fr", i)), name, "fr-CA", Active
		want = append(want, row)
		if err := w.Write(ListCells(Life{Subscriber: row.Subscriber, Confirmed: when})...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	layout, err := Detect(bytes.NewReader(file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	var got []Row
	for row, err := range layout.Rows(bytes.NewReader(file.Bytes())) {
		if err != nil {
			t.Fatal(err)
		}
		row.ID = ID{}
		got = append(got, row)
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b Address) bool { return a == b })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	records, err := csv.NewReader(&file).ReadAll()
	for _, cell := range slices.Concat(records...) {
		if err != nil || cell != "" && strings.IndexByte(formulaSigns, cell[0]) >= 0 {
			t.Errorf("%q is a formula; %v", cell, err)
		}
	}
}

func FuzzCSV(f *testing.F) {
	for _, seed := range []string{"email\na@b.fr\n", "\xff\xfee\x00", "sep=;\nemail;nom\n", "email,\"\n", "email\tnom\n'=a@b.fr\t\xe9"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		layout, err := Detect(bytes.NewReader(in))
		if err != nil {
			return
		}
		for row, err := range layout.Rows(bytes.NewReader(in)) {
			if err == nil && row.Skipped == "" && row.Address == (Address{}) {
				t.Fatalf("a row without address: %+v", row)
			}
		}
	})
}
