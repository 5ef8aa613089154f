package widgetzip

import (
	"fmt"
	"slices"
	"strings"
)

// Severity is what comes of a finding.
type Severity string

// Severities of the widget specification §9.
const (
	Refused    Severity = "U" // the marketplace refuses the archive, or the widget does not work
	Moderation Severity = "M" // a reason to fail the review
	Advice     Severity = "A" // worth a look
)

// Finding is one broken rule at one place.
type Finding struct {
	Rule     string   `json:"rule"` // id of the widget specification §9, like J04
	Severity Severity `json:"severity"`
	File     string   `json:"file,omitempty"` // entry of the archive; empty for the archive itself
	Line     int      `json:"line,omitempty"` // 0 when the rule has no line
	Message  string   `json:"message"`        // what is wrong and what to do
}

// String is one line for people: place, rule, severity, message.
func (f Finding) String() string {
	place := f.File
	if place == "" {
		place = FileName
	}
	if f.Line > 0 {
		place += fmt.Sprintf(":%d", f.Line)
	}
	return fmt.Sprintf("%s: %s (%s) %s", place, f.Rule, f.Severity, f.Message)
}

// maxFindings bounds the report on a hostile archive.
const maxFindings = 500

// checker gathers findings about one archive.
type checker struct {
	platform string
	files    map[string][]byte
	manifest map[string]any
	findings []Finding
}

func (c *checker) add(rule string, s Severity, file string, line int, format string, args ...any) {
	if len(c.findings) >= maxFindings {
		return
	}
	text := fmt.Sprintf(format, args...)
	if len(text) > 400 {
		text = strings.ToValidUTF8(text[:400], "") + "…"
	}
	c.findings = append(c.findings, Finding{Rule: rule, Severity: s, File: file, Line: line, Message: text})
}

// Check applies the rules to an archive of that file name and answers what it
// breaks, the worst first; empty when nothing was found. Any bytes may be given.
// It reads nothing of o but Platform; an unknown platform counts as AmoCRM.
func Check(raw []byte, name string, o Options) []Finding {
	if _, ok := products[o.Platform]; !ok {
		o.Platform = AmoCRM
	}
	c := &checker{platform: o.Platform, findings: []Finding{}}
	if c.open(raw, name) {
		c.checkFiles()
		c.checkManifest()
		c.checkTexts()
		c.checkImages()
		c.checkScripts()
	}
	rank := map[Severity]int{Refused: 0, Moderation: 1, Advice: 2}
	slices.SortStableFunc(c.findings, func(a, b Finding) int {
		if d := rank[a.Severity] - rank[b.Severity]; d != 0 {
			return d
		}
		if d := strings.Compare(a.File, b.File); d != 0 {
			return d
		}
		return a.Line - b.Line
	})
	return c.findings
}
