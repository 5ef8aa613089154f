package sandbox

import (
	_ "embed"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// readme documents every switch; the dashboard shows the same words.
//
//go:embed README.md
var readme string

// Switch tells the dashboard how to show one fault or variant.
type Switch struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind"` // bool, number, text, list
	Choices []string `json:"choices,omitempty"`
	Help    string   `json:"help,omitempty"`
}

// switchesOf describes the fields of a struct of faults or variants.
func switchesOf(t reflect.Type, help map[string]string) []Switch {
	var out []Switch
	for f := range t.Fields() {
		if f.Anonymous {
			out = append(out, switchesOf(f.Type, help)...)
			continue
		}
		one := Switch{Name: f.Tag.Get("json"), Kind: "number", Help: help[f.Tag.Get("json")]}
		switch f.Type.Kind() {
		case reflect.Bool:
			one.Kind = "bool"
		case reflect.String:
			one.Kind = "text"
		case reflect.Slice:
			one.Kind = "list"
		}
		if c := f.Tag.Get("choices"); c != "" {
			one.Choices = strings.Split(c, ",")
		}
		out = append(out, one)
	}
	return out
}

var (
	tableRow = regexp.MustCompile("(?m)^\\| (`[a-z0-9_`, ()]+) \\| (.+) \\|$")
	named    = regexp.MustCompile("`([a-z0-9_]+)`")
)

// switchHelp reads the tables of README.md: names in the first column.
func switchHelp() map[string]string {
	help := map[string]string{}
	for _, row := range tableRow.FindAllStringSubmatch(readme, -1) {
		for _, name := range named.FindAllStringSubmatch(row[1], -1) {
			help[name[1]] = strings.ReplaceAll(row[2], "`", "")
		}
	}
	return help
}

// allSwitches lists what can be switched on, for GET switches.
func allSwitches() map[string][]Switch {
	help := switchHelp()
	byGroup := map[string][]Switch{
		"faults":   switchesOf(reflect.TypeFor[Faults](), help),
		"variants": switchesOf(reflect.TypeFor[Variants](), help),
	}
	for _, list := range byGroup {
		slices.SortStableFunc(list, func(a, b Switch) int { return strings.Compare(area(a.Name), area(b.Name)) })
	}
	return byGroup
}

// area is the first word of a switch's name: things of one subject stand together.
func area(name string) string {
	word, _, _ := strings.Cut(name, "_")
	return word
}
