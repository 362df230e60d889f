// Package git tells which commit entries were read from and who writes there, and keeps a copy of their repository.
package git

import (
	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
)

func open(folder string) (*gogit.Repository, error) {
	return gogit.PlainOpenWithOptions(folder, &gogit.PlainOpenOptions{DetectDotGit: true, EnableDotGitCommonDir: true})
}

// Commit is the hash of HEAD of the repository that holds folder, "" when
// there is none. Changes not yet committed do not show in it: an issue's
// entries are known by their own hashes.
func Commit(folder string) string {
	repository, err := open(folder)
	if err != nil {
		return ""
	}
	head, err := repository.Head()
	if err != nil {
		return ""
	}
	return head.Hash().String()
}

// Author is the name that commits in folder would bear: user.name of the
// repository, else of the user; "" when neither says one.
func Author(folder string) string {
	repository, err := open(folder)
	var settings *config.Config
	if err == nil {
		settings, err = repository.ConfigScoped(config.GlobalScope)
	} else {
		settings, err = config.LoadConfig(config.GlobalScope)
	}
	if err != nil {
		return ""
	}
	return settings.User.Name
}
