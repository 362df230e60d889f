package theme

// The rules this table obeys (email.md H6–H8): hex colours from the palette,
// lengths in px, nothing a mail client's old engine would not know. A row is
// written inline, and its colours once more in the dark sheet, so the two
// themes cannot drift apart.

// Families of fonts present on readers' machines: nothing is fetched.
const (
	serif = "font-family:'Iowan Old Style','Palatino Linotype',Palatino,Georgia,serif;"
	sans  = "font-family:-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;"
	mono  = "font-family:Menlo,Consolas,'Liberation Mono',monospace;"
)

// style is one row: what an element of that name looks like.
type style struct {
	name   string // also its class
	css    string // what both themes share
	ink    role   // colour of the text
	ground role   // colour behind it
	border role   // colour of its borders, whose widths css gives
	mobile string // what changes on a narrow screen
	hover  string
}

func table() []style {
	return []style{
		// The page: one ground, a column of 600 px, no card around it.
		{name: "page", css: "margin:0;padding:0;width:100%;-webkit-text-size-adjust:100%;-ms-text-size-adjust:100%;", ground: paper},
		{name: "desk", css: "padding:28px 20px 32px 20px;", ground: paper, mobile: "padding:16px 20px 24px 20px"},
		// The fixed layout keeps the column narrow when a client shows, in place of a
		// blocked picture, its words at its full width.
		{name: "column", css: "width:100%;max-width:600px;table-layout:fixed;margin:0 auto;"},
		{name: "preheader", css: "display:none;max-height:0;overflow:hidden;mso-hide:all;font-size:14px;line-height:20px;", ink: quiet, ground: paper},

		// The masthead.
		{name: "head", css: "padding:22px 0 26px 0;text-align:left;border-top:6px solid;", border: accent, mobile: "padding:18px 0 22px 0"},
		{name: "name", css: serif + "margin:0;font-size:38px;line-height:44px;font-weight:bold;letter-spacing:-0.6px;", ink: ink, mobile: "font-size:32px;line-height:38px"},
		{name: "tagline", css: serif + "margin:4px 0 0 0;font-size:18px;line-height:26px;font-style:italic;", ink: quiet},
		{name: "number", css: sans + "margin:12px 0 0 0;font-size:15px;line-height:22px;", ink: quiet},
		{name: "notices", css: "padding:0;text-align:left;"},

		// The table of contents.
		{name: "contents", css: "padding:20px 24px 12px 24px;text-align:left;", ground: tint, mobile: "padding:18px 18px 10px 18px"},
		{name: "label", css: sans + "margin:0 0 10px 0;font-size:15px;line-height:22px;font-weight:bold;", ink: quiet},
		{name: "summary", css: "margin:0;padding:0 0 0 20px;", ink: ink},
		{name: "summary-item", css: sans + "margin:0 0 8px 0;font-size:16px;line-height:24px;", ink: ink},

		// An entry.
		{name: "entry", css: serif + "padding:36px 0 16px 0;text-align:left;font-size:18px;line-height:29px;", ink: ink, mobile: "padding:32px 0 16px 0"},
		{name: "entry-next", css: serif + "padding:32px 0 16px 0;text-align:left;font-size:18px;line-height:29px;border-top:1px solid;", ink: ink, border: line, mobile: "padding:32px 0 16px 0"},
		{name: "entry-apart", css: serif + "padding:32px 0 16px 0;text-align:left;font-size:18px;line-height:29px;border-top:2px solid;", ink: ink, border: ink, mobile: "padding:32px 0 16px 0"},
		{name: "section", css: sans + "margin:0 0 26px 0;padding:10px 0 0 0;font-size:16px;line-height:24px;font-weight:bold;border-top:2px solid;", ink: ink, border: ink},
		{name: "kicker", css: sans + "margin:0 0 6px 0;font-size:15px;line-height:22px;font-weight:bold;", ink: accent},
		{name: "title", css: serif + "margin:0 0 12px 0;font-size:30px;line-height:38px;font-weight:bold;letter-spacing:-0.3px;", ink: ink, mobile: "font-size:27px;line-height:34px"},
		{name: "dateline", css: sans + "margin:0 0 24px 0;font-size:15px;line-height:22px;", ink: quiet},
		{name: "notice", css: sans + "margin:0 0 24px 0;padding:10px 14px;font-size:15px;line-height:22px;border-left:4px solid;", ink: ink, ground: tint, border: accent},

		// The text of an entry.
		{name: "p", css: "margin:0 0 20px 0;font-size:18px;line-height:29px;", ink: ink},
		{name: "h2", css: serif + "margin:36px 0 12px 0;font-size:25px;line-height:32px;font-weight:bold;", ink: ink},
		{name: "h3", css: serif + "margin:32px 0 10px 0;font-size:22px;line-height:29px;font-weight:bold;", ink: ink},
		{name: "h4", css: serif + "margin:28px 0 8px 0;font-size:20px;line-height:27px;font-weight:bold;", ink: ink},
		{name: "h5", css: serif + "margin:24px 0 8px 0;font-size:18px;line-height:26px;font-weight:bold;", ink: ink},
		{name: "h6", css: serif + "margin:24px 0 8px 0;font-size:18px;line-height:26px;font-weight:bold;font-style:italic;", ink: ink},
		{name: "a", css: "text-decoration:underline;", ink: accent, hover: "text-decoration:none"},
		{name: "strong", css: "font-weight:bold;"},
		{name: "em", css: "font-style:italic;"},
		{name: "del", css: "text-decoration:line-through;", ink: quiet},
		{name: "sup", css: "font-size:70%;line-height:0;vertical-align:super;"},
		{name: "dash", css: "white-space:nowrap;"},
		{name: "code", css: mono + "padding:1px 4px;font-size:15px;word-break:break-word;", ink: ink, ground: tint},
		{name: "pre", css: mono + "margin:0 0 20px 0;padding:14px 16px;font-size:15px;line-height:23px;white-space:pre-wrap;word-wrap:break-word;word-break:break-word;", ink: ink, ground: tint},
		{name: "blockquote", css: "margin:0 0 20px 0;padding:0 0 0 20px;border-left:3px solid;font-style:italic;", ink: quiet, border: accent},
		{name: "ul", css: "margin:0 0 20px 0;padding:0 0 0 26px;", ink: ink},
		{name: "ol", css: "margin:0 0 20px 0;padding:0 0 0 28px;", ink: ink},
		{name: "li", css: "margin:0 0 8px 0;font-size:18px;line-height:29px;", ink: ink},
		{name: "task", css: "margin:0 0 8px 0;font-size:18px;line-height:29px;list-style-type:none;", ink: ink},
		{name: "hr", css: "margin:28px 0;height:0;border:0;border-top:1px solid;", border: line},
		{name: "table", css: sans + "padding:0 0 20px 0;width:100%;border-collapse:separate;border-spacing:0;font-size:15px;line-height:22px;", ink: ink},
		{name: "th", css: sans + "padding:8px 10px;font-size:15px;line-height:22px;font-weight:bold;vertical-align:bottom;border-bottom:2px solid;", ink: ink, border: ink},
		{name: "td", css: sans + "padding:8px 10px;font-size:15px;line-height:22px;vertical-align:top;border-bottom:1px solid;", ink: ink, border: line},
		{name: "figure", css: "padding:0 0 20px 0;"},
		{name: "img", css: sans + "display:block;max-width:100%;height:auto;border:0;font-size:15px;line-height:22px;font-style:italic;", ink: quiet},
		{name: "figcaption", css: sans + "margin:0;padding:8px 0 0 0;font-size:14px;line-height:21px;", ink: quiet},
		{name: "button-box", css: "padding:4px 0 24px 0;"},
		{name: "button", css: "border-radius:4px;", ground: accent},
		{name: "button-link", css: sans + "display:inline-block;padding:12px 24px;font-size:17px;line-height:24px;font-weight:bold;text-decoration:underline;", ink: paper, hover: "text-decoration:none"},
		{name: "button-text", ink: paper}, // where only a colour can be said
		{name: "footnotes", css: sans + "padding:14px 0 12px 0;border-top:1px solid;", ink: quiet, border: line},
		{name: "footnote-list", css: "margin:0;padding:0 0 0 24px;", ink: quiet},
		{name: "footnote", css: sans + "margin:0 0 8px 0;font-size:15px;line-height:23px;", ink: quiet},

		// The foot of the mail.
		{name: "foot", css: "padding:20px 0 0 0;text-align:left;border-top:1px solid;", border: line},
		{name: "foot-line", css: sans + "margin:0 0 10px 0;font-size:14px;line-height:22px;", ink: quiet},
		{name: "foot-link", css: "text-decoration:underline;", ink: quiet, hover: "text-decoration:none"},
	}
}

// role is what a colour is for; "" leaves it to the surroundings.
type role string

const (
	ink    role = "ink"    // text
	quiet  role = "quiet"  // text of less weight
	accent role = "accent" // links, kickers, buttons
	paper  role = "paper"  // behind the text, and the words on a button
	tint   role = "tint"   // behind code, contents and notices
	line   role = "line"   // rules between things; decoration, needs no contrast
)

// palette gives the role its colour.
type palette map[role]rgb

// lightPalette and darkPalette lack only the accent, which the newsletter
// chooses. Neither is pure black or white: readers' eyes, and clients that
// invert pure colours on their own (H8).
func lightPalette() palette {
	return palette{
		ink:   {0x22, 0x20, 0x1C},
		quiet: {0x5E, 0x59, 0x50},
		paper: {0xFF, 0xFD, 0xFA},
		tint:  {0xF5, 0xF2, 0xEC},
		line:  {0xDD, 0xD8, 0xCE},
	}
}

func darkPalette() palette {
	return palette{
		ink:   {0xEA, 0xE6, 0xDE},
		quiet: {0xB3, 0xAC, 0xA0},
		paper: {0x1E, 0x1D, 0x1B},
		tint:  {0x2A, 0x28, 0x25},
		line:  {0x45, 0x41, 0x3B},
	}
}
