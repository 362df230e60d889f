// Package git tells which commit a folder of entries was read from.
package git

import gogit "github.com/go-git/go-git/v5"

// Commit is the hash of HEAD of the repository that holds folder, "" when
// there is none. Changes not yet committed do not show in it: an issue's
// entries are known by their own hashes.
func Commit(folder string) string {
	repository, err := gogit.PlainOpenWithOptions(folder, &gogit.PlainOpenOptions{DetectDotGit: true, EnableDotGitCommonDir: true})
	if err != nil {
		return ""
	}
	head, err := repository.Head()
	if err != nil {
		return ""
	}
	return head.Hash().String()
}
