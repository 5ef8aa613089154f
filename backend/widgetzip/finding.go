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
	File     string   `json:"file,omitempty"`     // entry of the archive; empty for the archive itself
	Line     int      `json:"line,omitempty"`     // 0 when the rule has no line
	Message  string   `json:"message"`            // what is wrong and what to do
	Accepted bool     `json:"accepted,omitempty"` // Options.Accepted names this place: it counts no more
}

// place is how Options.Accepted names a finding, in three widths.
func (f Finding) place() []string {
	return []string{f.Rule, f.Rule + ":" + f.File, fmt.Sprintf("%s:%s:%d", f.Rule, f.File, f.Line)}
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
	accepted := ""
	if f.Accepted {
		accepted = ", accepted"
	}
	return fmt.Sprintf("%s: %s (%s%s) %s", place, f.Rule, f.Severity, accepted, f.Message)
}

// Bounds of the report on a hostile archive.
const (
	maxFindings = 500
	maxPerFile  = 20 // of one rule in one file
)

// checker gathers findings about one archive.
type checker struct {
	platform string
	files    map[string][]byte
	manifest map[string]any
	trees    map[string]map[string]any // texts by language
	scripts  []*script
	root     string // the class or id that the widget's styles stand under
	looks    int    // nodes that rules may still look at again
	parsed   int    // bytes of scripts and styles that were parsed
	findings []Finding
	counts   map[string]int // findings by rule and file
}

// full tells that another finding of this rule in this file would not be kept.
func (c *checker) full(rule, file string) bool {
	return len(c.findings) >= maxFindings || c.counts[rule+file] > maxPerFile
}

// hasSettings tells whether the widget has fields to fill in.
func (c *checker) hasSettings() bool { return len(object(c.manifest, "settings")) > 0 }

func (c *checker) add(rule string, s Severity, file string, line int, format string, args ...any) {
	if c.full(rule, file) {
		return
	}
	c.counts[rule+file]++
	if c.counts[rule+file] > maxPerFile {
		format, args, line = "more places of this rule in the file are not listed", nil, 0
	}
	text := strings.ToValidUTF8(fmt.Sprintf(format, args...), "?")
	if len(text) > 400 {
		text = strings.ToValidUTF8(text[:400], "") + "…"
	}
	c.findings = append(c.findings, Finding{Rule: rule, Severity: s, File: file, Line: line, Message: text})
}

// Check applies the rules to an archive of that file name and answers what it
// breaks, the worst first; empty when nothing was found. Any bytes may be given.
// It reads of o Platform (an unknown one counts as AmoCRM), Own, Previous,
// Published, Accepted and Forbidden.
func Check(raw []byte, name string, o Options) []Finding {
	if _, ok := products[o.Platform]; !ok {
		o.Platform = AmoCRM
	}
	c := &checker{platform: o.Platform, findings: []Finding{}, counts: map[string]int{}}
	c.checkPublished(raw, o.Published)
	if c.open(raw, name) {
		c.checkFiles()
		c.checkManifest(o)
		c.checkTexts()
		c.checkImages()
		c.checkStyles()
		c.checkScripts()
		c.checkUse()
		c.checkReachable()
		c.checkSecrets(o.Forbidden)
	}
	for i := range c.findings {
		// What does not work cannot be accepted.
		f := &c.findings[i]
		f.Accepted = f.Severity != Refused && slices.ContainsFunc(f.place(), func(p string) bool { return slices.Contains(o.Accepted, p) })
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
