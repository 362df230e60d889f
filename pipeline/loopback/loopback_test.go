package loopback

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestNamed(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST:80": true, "127.0.0.1:8421": true, "127.1.2.3": true, "[::1]:8421": true, "[::1]": true,
		"": false, "evil.example": false, "127.0.0.1.evil.example:80": false, "localhost.evil.example": false,
		"192.168.1.2": false, "0.0.0.0": false, "[::]": false, "evil.example@127.0.0.1": false,
	} {
		if got := Named(host); got != want {
			t.Errorf("%q: got %t, want %t", host, got, want)
		}
		r := httptest.NewRequest("GET", "http://localhost/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		Only(http.NotFoundHandler()).ServeHTTP(w, r)
		if status := map[bool]int{true: 404, false: 403}[want]; w.Code != status {
			t.Errorf("%q: got status %d, want %d", host, w.Code, status)
		}
	}
}

func TestSameOrigin(t *testing.T) {
	for _, tt := range []struct {
		name, site, origin string
		want               int
	}{
		{"typed", "none", "", 404},
		{"own page", "same-origin", "", 404},
		{"own script", "same-origin", "http://127.0.0.1:8421", 404},
		{"no browser", "", "", 404},
		{"foreign page", "cross-site", "", 403},
		{"another port of this machine", "same-site", "", 403},
		{"old browser, own origin", "", "http://127.0.0.1:8421", 404},
		{"old browser, foreign origin", "", "https://evil.example", 403},
		{"old browser, other port", "", "http://127.0.0.1:3000", 403},
		{"sandboxed page", "", "null", 403},
		{"a lie", "same-origin", "https://evil.example", 403},
	} {
		r := httptest.NewRequest("GET", "http://127.0.0.1:8421/", nil)
		for name, value := range map[string]string{"Sec-Fetch-Site": tt.site, "Origin": tt.origin} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		w := httptest.NewRecorder()
		SameOrigin(http.NotFoundHandler()).ServeHTTP(w, r)
		if w.Code != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, w.Code, tt.want)
		}
	}
}

func TestListen(t *testing.T) {
	first, err := Listen(0, false)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	port := first.Addr().(*net.TCPAddr).Port
	if l, err := Listen(port, false); err == nil {
		l.Close()
		t.Error("a port that is taken was taken again")
	}
	second, err := Listen(port, true)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if addr := second.Addr().(*net.TCPAddr); !addr.IP.IsLoopback() || addr.Port == port {
		t.Errorf("listens on %s", addr)
	}
}

// An answer without end, such as a stream of events, does not delay the end.
func TestServeEnds(t *testing.T) {
	l, err := Listen(0, false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- Serve(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}))
	}()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	cancel()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Nor does a connection that a browser opened in reserve make it fail.
func TestServeEndsWithSpareConnection(t *testing.T) {
	l, err := Listen(0, false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, http.NotFoundHandler()) }()
	spare, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer spare.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://" + l.Addr().String()) // accepted after the spare one
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
