package markdown

import (
	"strconv"
	"strings"
)

// Button draws a call to action that survives every mail program: a coloured
// table cell around a link, and for Outlook, which ignores padding on links,
// the same in VML. url must already be safe.
func Button(label, url string, styles Styles) string {
	width := strconv.Itoa(buttonWidth(label))
	label, url = escape(label), escape(url)
	back, front := styles.Color("button"), styles.Color("button-text")
	return strings.Join([]string{
		`<table role="presentation" border="0" cellpadding="0" cellspacing="0" ` + styles.Attr("button-box") + `><tr><td align="center" bgcolor="` + back + `" ` + styles.Attr("button") + `>`,
		`<!--[if mso]><v:roundrect xmlns:v="urn:schemas-microsoft-com:vml" xmlns:w="urn:schemas-microsoft-com:office:word" href="` + url + `" style="height:` + strconv.Itoa(buttonHeight) + `px;v-text-anchor:middle;width:` + width + `px;" arcsize="9%" stroke="f" fillcolor="` + back + `"><w:anchorlock/><center style="color:` + front + `;font-family:Arial,sans-serif;font-size:16px;font-weight:bold;">` + label + `</center></v:roundrect><![endif]-->`,
		`<!--[if !mso]><!--><a href="` + url + `" ` + styles.Attr("button-link") + `>` + label + `</a><!--<![endif]-->`,
		`</td></tr></table>`,
	}, "\n") + "\n"
}

// buttonHeight is in pixels: 44 is the smallest target a thumb hits surely
// (WCAG 2.5.5).
const buttonHeight = 48

// buttonWidth guesses the width VML must be told: ten pixels for each letter
// of 16-pixel bold Arial, and the padding.
func buttonWidth(label string) int {
	return min(max(160, 10*columns(label)+56), 540)
}
