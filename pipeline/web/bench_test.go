package web_test

import (
	"testing"

	"github.com/infolettre/infolettre/pipeline/audience"
)

func BenchmarkPages(b *testing.B) {
	s := newSite(b)
	id := s.reader("zoe@exemple.fr", audience.Active)
	for name, path := range map[string]string{
		"form": "/subscribe?lang=fr", "leave": "/u/" + s.signer.Token(audience.Unsubscribe, id), "archive": "/fr", "issue": "/fr/12", "style": "/style.css",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s.get(path)
			}
		})
	}
	b.Run("one-click", func(b *testing.B) {
		for b.Loop() {
			s.do(oneClick("/u/"+s.signer.Token(audience.Unsubscribe, id), "urlencoded", true))
		}
	})
}
