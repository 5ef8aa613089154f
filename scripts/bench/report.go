package main

import (
	"fmt"
	"io"
	"runtime"
)

// goal is one of what the server must reach (design.md §8, dependencies.md §8).
type goal struct {
	what string
	got  []float64
	// bar is what to reach: at least it, or at most with most.
	bar  float64
	most bool
	unit string
}

func (g goal) reached() string {
	if len(g.got) == 0 {
		return "?"
	}
	m := figures{"": g.got}.median("")
	if m >= g.bar && !g.most || m <= g.bar && g.most {
		return "yes"
	}
	return "no"
}

// report prints the medians of all rounds with their range.
func (b *bench) report(w io.Writer) {
	kind := "SQLite, synchronous=FULL"
	if b.commits.postgres {
		kind = "PostgreSQL"
	}
	fmt.Fprintf(w, "%s; %d cores, shared with the generator; %d rounds of %s; median  min..max\n", kind, runtime.NumCPU(), b.o.rounds, b.o.round)
	section := func(title string, names ...string) {
		fmt.Fprintf(w, "\n%s\n", title)
		for _, n := range names {
			if v := b.f[n]; len(v) > 0 {
				fmt.Fprintf(w, "  %-74s %s\n", n, spread(v))
			}
		}
	}
	timed := func(names ...string) (list []string) {
		for _, n := range names {
			list = append(list, n+" p50, ms", n+" p99, ms")
		}
		return list
	}
	section("bare limits of this machine", append([]string{commitOne, commitMany, commitGrouped, ginOne, ginMany, floorOne, floorMany, floorKept},
		append(timed(floorMany+ackSuffix, floorMany+streamSuffix, floorSteady+streamSuffix), ginMany+cpuSuffix, floorMany+cpuSuffix, floorKept+cpuSuffix, floorSteady+cpuSuffix)...)...)
	section("hooks", append(append([]string{hooksOne, hooksMany}, timed(hooksMany+ackSuffix, hooksMany+streamSuffix, hooksSteady+ackSuffix, hooksSteady+streamSuffix)...),
		hooksMany+cpuSuffix, hooksSteady+cpuSuffix)...)
	section("visitors' messages", append(append([]string{writesOne, writesMany, sentMany}, timed(writesMany+ackSuffix, writesSteady+ackSuffix, writesSteady+crmSuffix)...),
		writesMany+cpuSuffix, writesSteady+cpuSuffix)...)
	section("the widget's background work", append(append([]string{asksMany}, timed(asksMany+ackSuffix, asksSteady+ackSuffix)...), asksMany+cpuSuffix, asksSteady+cpuSuffix)...)

	fmt.Fprintf(w, "\n%-64s %s\n", "goals", "     goal  median  min..max")
	for _, g := range b.goals() {
		sign := ">="
		if g.most {
			sign = "<="
		}
		fmt.Fprintf(w, "  %-56s %3s  %s %-6s %s\n", g.what, g.reached(), sign, number(g.bar)+g.unit, spread(g.got))
	}
	fmt.Fprintf(w, "\norder and repeats: %d of %d messages at the CRM and %d of %d hooks on streams came again or late",
		b.crm.unexpected, b.crm.arrived, b.browsers.unexpected, b.browsers.arrived)
	if b.limited > 0 {
		fmt.Fprintf(w, "; %d messages were refused by the limits for one visitor", b.limited)
	}
	fmt.Fprintln(w)
}

func (b *bench) goals() []goal {
	f := b.f
	p99 := func(name string) []float64 { return f[name+" p99, ms"] }
	list := []goal{
		{"hooks/s, 32 senders", f[hooksMany], 10_000, false, ""},
		{"hooks/s : floor, a connection each", f.ratios(hooksMany, floorMany), 0.5, false, ""},
		{"hooks/s : floor, connections kept", f.ratios(hooksMany, floorKept), 0.5, false, ""},
		{"hook answered, 32 senders, p99 ms", p99(hooksMany + ackSuffix), 10, true, ""},
		{"hook on the stream, 200/s, p99 ms", p99(hooksSteady + streamSuffix), 2, true, ""},
		{"hook on the stream, 32 senders, p99 ms", p99(hooksMany + streamSuffix), 10, true, ""},
		{"processor for one hook, us, 32 senders", f[hooksMany+cpuSuffix], 100, true, ""},
		{"processor for one hook, us, 200/s", f[hooksSteady+cpuSuffix], 100, true, ""},
		{"messages/s : floor, connections kept", f.ratios(writesMany, floorKept), 0.4, false, ""},
		{"message at the CRM, 500/s, p99 ms", p99(writesSteady + crmSuffix), 20, true, ""},
		{"background questions/s of 1,000 accounts, 10 users each", f[asksMany], 170, false, ""},
	}
	if b.commits.postgres {
		return append(list,
			goal{"delivered/s : bare commits, 32 clients", f.ratios(sentMany, commitMany), 0.2, false, ""},
			goal{"hooks/s : bare commits, 32 clients", f.ratios(hooksMany, commitMany), 0.2, false, ""},
			goal{"delivered/s : gin", f.ratios(sentMany, ginMany), 0.05, false, ""})
	}
	return append(list,
		goal{"delivered/s : bare commits, 1 caller", f.ratios(sentMany, commitOne), 1.2, false, ""},
		goal{"hooks/s : bare commits, 1 caller", f.ratios(hooksMany, commitOne), 1.3, false, ""},
		goal{"delivered/s : gin", f.ratios(sentMany, ginMany), 0.13, false, ""})
}
