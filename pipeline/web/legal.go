package web

import "net/http"

// legalPage says who publishes, who hosts, and what becomes of addresses.
type legalPage struct {
	page
	OnBehalfOf, Director, Contact, ContactURL string
	Host                                      []string
	Privacy                                   []string
}

// privacy are the paragraphs of the text, messages "web.privacy.<name>".
var privacy = []string{"what", "why", "kept", "proof", "numbers", "rights", "complaint"}

func (s *Site) serveLegal(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Accept-Language")
	p := legalPage{
		page: s.page(r, s.language(r, ""), "web.legal.title"), OnBehalfOf: s.Newsletter.OnBehalfOf,
		Director: s.Config.Director, Contact: s.Config.Contact, ContactURL: s.Config.contactURL(), Host: lines(s.Config.Host),
	}
	for _, name := range privacy {
		p.Privacy = append(p.Privacy, p.L.T("web.privacy."+name, "Name", p.Name, "Months", s.Retention, "Contact", s.Config.Contact))
	}
	s.published(&p.page, p.L.T("web.legal.description", "Name", p.Name), func(lang string) string { return keep("/legal", lang) })
	s.publish(w, r, "legal.html", p.page, p)
}
