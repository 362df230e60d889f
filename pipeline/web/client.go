package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/infolettre/infolettre/pipeline/audience"
)

// network is the prefix of the client's address, "" when it is not known.
func (s *Site) network(r *http.Request) string {
	if addr := s.client(r); addr.IsValid() {
		return audience.Network(addr)
	}
	return ""
}

// client is the address a request comes from. X-Forwarded-For is believed
// from the right, as long as the hops are trusted proxies: what a client
// wrote into it itself stands further left.
func (s *Site) client(r *http.Request) netip.Addr {
	connection, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := connection.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !s.trusted(addr) {
			return addr
		}
		before, err := parseHop(strings.TrimSpace(hop))
		if err != nil {
			return addr
		}
		addr = before.Unmap()
	}
	return addr
}

// parseHop reads an address, to which some proxies add the port that the
// client had, and brackets around one of IPv6.
func parseHop(text string) (netip.Addr, error) {
	if strings.HasSuffix(text, "]") {
		text += ":0"
	}
	if hop, err := netip.ParseAddrPort(text); err == nil {
		return hop.Addr(), nil
	}
	return netip.ParseAddr(text)
}

func (s *Site) trusted(addr netip.Addr) bool {
	return slices.ContainsFunc(s.proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}
