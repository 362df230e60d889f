// Package content holds the sample entries, with their images and the authors' guide, for a first issue without any set-up.
package content

import "embed"

// FS is this folder, as package pipeline/content reads it.
//
//go:embed *.md images/*
var FS embed.FS
