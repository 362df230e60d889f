package deliver

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"net"

	"github.com/infolettre/infolettre/pipeline/setting"
)

// Server is an SMTP server to send through.
type Server struct {
	Host     string `yaml:"host" env:"HOST"`
	Port     int    `yaml:"port" env:"PORT"`
	TLS      TLS    `yaml:"tls" env:"TLS"`
	Username string `yaml:"username" env:"USERNAME"`
	Password string `yaml:"-" env:"PASSWORD"` // from the environment, or from PasswordFile
	// PasswordFile holds the password alone; a line end after it is left out.
	PasswordFile string `yaml:"password_file" env:"PASSWORD_FILE"`
	Hello        string `yaml:"hello" env:"HELLO"`   // our name in EHLO; default "localhost"
	Weight       int    `yaml:"weight" env:"WEIGHT"` // its share of the connections; default 1
	Rate         Rate   `yaml:"rate" envPrefix:"RATE_"`

	// Config replaces the TLS settings; for tests with their own authority.
	Config *tls.Config `yaml:"-" env:"-"`
}

// TLS says how a connection is secured.
type TLS string

// The ways to secure a connection. StartTLS is required, not hoped for.
const (
	StartTLS TLS = "starttls" // the default off loopback
	Implicit TLS = "implicit" // RFC 8314, usually port 465
	Plain    TLS = "none"     // the default on loopback
)

// Remote reports that mails leave this machine for the server.
func (s Server) Remote() bool { return !s.loopback() }

func (s Server) loopback() bool {
	ip := net.ParseIP(s.Host)
	return s.Host == "localhost" || ip != nil && ip.IsLoopback()
}

func (s Server) withDefaults() Server {
	if s.TLS == "" {
		s.TLS = StartTLS
		if s.loopback() {
			s.TLS = Plain
		}
	}
	ports := map[TLS]int{StartTLS: 587, Implicit: 465, Plain: 25}
	s.Port = cmp.Or(s.Port, ports[s.TLS])
	s.Weight = cmp.Or(s.Weight, 1)
	return s
}

func (s Server) validate() error {
	switch {
	case s.Host == "":
		return &setting.Error{Key: "host", Value: s.Host}
	case s.Port < 1 || s.Port > 65535:
		return &setting.Error{Key: "port", Value: s.Port}
	case s.TLS != StartTLS && s.TLS != Implicit && s.TLS != Plain:
		return &setting.Error{Key: "tls", Value: s.TLS}
	case s.TLS == Plain && s.Username != "" && !s.loopback():
		return &setting.Error{Key: "username", Value: s.Username} // the password would go in clear
	case s.Weight < 0:
		return &setting.Error{Key: "weight", Value: s.Weight}
	}
	return setting.Below("rate", s.Rate.validate())
}

// Address is the server's host and port.
func (s Server) Address() string { return net.JoinHostPort(s.Host, fmt.Sprint(s.Port)) }

func (s Server) tlsConfig() *tls.Config {
	if s.Config != nil {
		return s.Config
	}
	return &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}
}
