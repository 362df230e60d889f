package main

import (
	"reflect"
	"strings"
	"testing"
)

// What the file calls sender.reply_to, the environment calls
// INFOLETTRE_SENDER_REPLY_TO.
func TestEveryKeyHasItsVariable(t *testing.T) {
	known := config{}.variables(oneServer())
	var walk func(reflect.Type, string)
	walk = func(typ reflect.Type, name string) {
		for typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Struct {
			typ, name = typ.Elem(), name+"_0"
		}
		if typ.Kind() != reflect.Struct {
			if !known[name] {
				t.Errorf("nothing reads %s", name)
			}
			return
		}
		for key, below := range fields(typ) {
			walk(below, name+"_"+strings.ToUpper(key))
		}
	}
	walk(reflect.TypeFor[config](), strings.TrimSuffix(envPrefix, "_"))
}

func TestUnknownVariablesAreRefused(t *testing.T) {
	for _, test := range []struct{ name, id, near string }{
		{"INFOLETTRE_DELIVERY_SERVERS_0_PASSWORT", "unknown-variable", "INFOLETTRE_DELIVERY_SERVERS_0_PASSWORD"},
		{"INFOLETTRE_DELIVERY_SERVER_0_PASSWORD", "unknown-variable", "INFOLETTRE_DELIVERY_SERVERS_0_PASSWORD"},
		{"INFOLETTRE_DELIVERY_SERVERS_1_PASSWORD", "unknown-variable", "INFOLETTRE_DELIVERY_SERVERS_0_PASSWORD"}, // there is no second server
		{"INFOLETTRE_KEY", "unknown-variable", "INFOLETTRE_KEYS"},
		{"INFOLETTRE_DELIVERY", "unknown-variable", ""}, // a section is no value
		{"INFOLETTRE_NEWSLETTER_LOCALES", "unknown-variable", "INFOLETTRE_NEWSLETTER_LANGUAGES"},
		{"INFOLETTRE_DELIVERY_CONNECTIONS", "environment", ""}, // not a number
		{"INFOLETTRE_DELIVERY_SERVERS_0_PORT", "environment", ""},
		{"INFOLETTRE_KEYS", "", ""},
		{"INFOLETTRE_PORT", "", ""}, // of Kubernetes
		{"INFOLETTRE_PORT_8080_TCP_ADDR", "", ""},
		{"INFOLETTRE_SERVICE_PORT_HTTP", "", ""},
		{"INFOLETTRE_SAMPLES", "", ""},
		{"INFOLETTRE_DELIVERY_SERVERS_0_PASSWORD", "", ""},
	} {
		c := config{}
		err := c.setFrom(environment([]string{"HOME=/", test.name + "=value"}))
		if test.id == "" {
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
			continue
		}
		if err == nil || err.id != test.id {
			t.Errorf("%s: %v, want %s", test.name, err, test.id)
			continue
		}
		args := map[any]any{}
		for i := 0; i+1 < len(err.args); i += 2 {
			args[err.args[i]] = err.args[i+1]
		}
		if args["Name"] != test.name || test.id == "unknown-variable" && args["Near"] != test.near {
			t.Errorf("%s: got %v, want near %q", test.name, args, test.near)
		}
	}
}
