package main

import (
	"testing"
	"time"
)

func TestLatencies(t *testing.T) {
	t.Parallel()
	var l latencies
	for n := 200; n > 0; n-- {
		l.add(time.Duration(n) * time.Millisecond)
	}
	if p50, p99 := l.take(); p50 != 101 || p99 != 199 {
		t.Errorf("p50 %v, p99 %v; want 101 and 199", p50, p99)
	}
	if p50, p99 := l.take(); p50 != 0 || p99 != 0 {
		t.Error("taken figures are still there")
	}
}

func TestMedianAndRatiosOfRounds(t *testing.T) {
	t.Parallel()
	f := figures{}
	for _, v := range []float64{9, 1, 5} {
		f.add("ours", v)
		f.add("bare", 10)
	}
	if got := f.median("ours"); got != 5 {
		t.Errorf("median %v, want 5", got)
	}
	if got := f.ratios("ours", "bare"); len(got) != 3 || got[0] != 0.9 {
		t.Errorf("ratios %v", got)
	}
	if (goal{got: []float64{1, 3}, bar: 2, most: true}).reached() != "yes" || (goal{got: []float64{1}, bar: 2}).reached() != "no" || (goal{}).reached() != "?" {
		t.Error("a goal is told wrongly")
	}
}
