// Package templates holds the templates of mails and pages; each is parsed by the package that fills it.
package templates

import "embed"

// Email is an issue: mail.html and web.html, which share parts.html, and mail.txt.
//
//go:embed email/*.html email/*.txt
var Email embed.FS

// Mailbox is the demo's mailbox: list.html, message.html and error.html, which share parts.html, and style.css.
//
//go:embed mailbox/*.html mailbox/*.css
var Mailbox embed.FS

// Init is the configuration that init writes: infolettre.fr.yaml and infolettre.en.yaml.
//
//go:embed init/*.yaml
var Init embed.FS

// Web is the public pages, one file each, which share parts.html, and style.css.
//
//go:embed web/*.html web/*.css
var Web embed.FS

// Check is the page that shows an issue and what is to mend in it: report.html.
//
//go:embed check/*.html
var Check embed.FS

// Preview is the author's preview: page.html and source.html, which share
// parts.html, and preview.css and preview.js.
//
//go:embed preview/*.html preview/*.css preview/*.js
var Preview embed.FS
