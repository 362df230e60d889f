package content

import "testing"

func TestPublic(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"phare.png": true, "images/phare.png": true, "readme.png": true, "_posts/phare.png": true, "blog/_news/a/phare.png": true,
		"_drafts/phare.png": false, "blog/_drafts/phare.png": false, "_brouillons/phare.png": false, "images/_phare.png": false,
		".git/phare.png": false, "images/.phare.png": false, "images/.cache/phare.png": false, "node_modules/a/phare.png": false,
		"_posts": false, "_DRAFTS/phare.png": false, "": false, ".": false, "../phare.png": false, "a//phare.png": false, "/phare.png": false,
	} {
		if got := Public(name); got != want {
			t.Errorf("%q: got %t, want %t", name, got, want)
		}
	}
}
