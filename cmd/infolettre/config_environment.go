package main

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
)

// keysVariable holds the signing keys themselves, in place of their file.
const keysVariable = envPrefix + "KEYS"

// environment lists the variables that are meant for us.
func environment(environ []string) map[string]string {
	vars := map[string]string{}
	for _, pair := range environ {
		if name, value, ok := strings.Cut(pair, "="); ok && strings.HasPrefix(name, envPrefix) {
			vars[name] = value
		}
	}
	return vars
}

// setFrom puts the environment's values over the file's. A variable that
// nothing reads is refused as an unknown key of the file is, when it looks like
// one of ours: the password or the approval that it was to give would be
// missing in silence. Others may be there for somebody else: for a service of
// our name, Kubernetes sets INFOLETTRE_PORT and INFOLETTRE_SERVICE_HOST.
func (c *config) setFrom(vars map[string]string) *configError {
	delete(vars, keysVariable)
	known := c.variables(vars)
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if known[name] {
			continue
		}
		if err := c.unknownVariable(name); err != nil {
			return err
		}
		delete(vars, name)
	}
	if err := env.ParseWithOptions(c, environmentOptions(vars)); err != nil {
		return c.misshapen(vars, err)
	}
	return nil
}

// variables names all that may be set. The names of vars and the file say how
// long the list of servers is.
func (c config) variables(vars map[string]string) map[string]bool {
	known := map[string]bool{}
	options := environmentOptions(muted(vars))
	options.OnSet = func(name string, _ any, _ bool) { known[name] = true }
	_ = env.ParseWithOptions(&c, options) // nothing is set, so nothing can fail
	return known
}

func environmentOptions(vars map[string]string) env.Options {
	return env.Options{Prefix: envPrefix, UseFieldNameByDefault: true, Environment: vars}
}

// muted keeps the names alone, which say how long a list is.
func muted(vars map[string]string) map[string]string {
	silent := map[string]string{}
	for name := range vars {
		silent[name] = ""
	}
	return silent
}

// misshapen finds the variable that an error is about, which the error itself
// does not name. One that names a whole section is none.
func (c config) misshapen(vars map[string]string, err error) *configError {
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		alone := muted(vars)
		alone[name] = vars[name]
		err := env.ParseWithOptions(&config{}, environmentOptions(alone))
		if errors.Is(err, env.NoParserError{}) {
			return c.unknownVariable(name)
		}
		if err != nil {
			return &configError{id: "environment", args: []any{"Name", name}}
		}
	}
	return &configError{id: "environment", args: []any{"Name", envPrefix + "…"}, err: err}
}

// oneServer makes the variables of a server known where there is none yet.
func oneServer() map[string]string {
	return map[string]string{envPrefix + "DELIVERY_SERVERS_0_HOST": ""}
}

// unknownVariable refuses a variable that has a section of the settings for its
// first word, or nearly the name of one that is read; nil for any other.
func (c config) unknownVariable(name string) *configError {
	names, sections := []string{strings.TrimPrefix(keysVariable, envPrefix)}, map[string]bool{}
	for other := range c.variables(oneServer()) {
		if other != name {
			names = append(names, strings.TrimPrefix(other, envPrefix))
		}
	}
	for _, other := range names {
		section, _, _ := strings.Cut(other, "_")
		sections[section] = true
	}
	rest := strings.TrimPrefix(name, envPrefix)
	near := nearest(rest, names)
	if section, _, _ := strings.Cut(rest, "_"); near == "" && !sections[section] {
		return nil
	}
	if near != "" {
		near = envPrefix + near
	}
	return &configError{id: "unknown-variable", args: []any{"Name", name, "Near", near}}
}
