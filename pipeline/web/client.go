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
		before, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return addr
		}
		addr = before.Unmap()
	}
	return addr
}

func (s *Site) trusted(addr netip.Addr) bool {
	return slices.ContainsFunc(s.proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}
