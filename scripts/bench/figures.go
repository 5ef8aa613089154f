package main

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"
)

// figures collects what each round measured, under a name.
type figures map[string][]float64

func (f figures) add(name string, v float64) { f[name] = append(f[name], v) }

// median is that of all rounds; 0 when there were none.
func (f figures) median(name string) float64 {
	v := slices.Sorted(slices.Values(f[name]))
	if len(v) == 0 {
		return 0
	}
	return v[(len(v)-1)/2]
}

// ratios are a/b of each round.
func (f figures) ratios(a, b string) []float64 {
	var list []float64
	for i := range min(len(f[a]), len(f[b])) {
		if f[b][i] > 0 {
			list = append(list, f[a][i]/f[b][i])
		}
	}
	return list
}

// spread shows median and the range of the rounds.
func spread(v []float64) string {
	if len(v) == 0 {
		return "not measured"
	}
	s := slices.Sorted(slices.Values(v))
	return fmt.Sprintf("%9s  %s..%s", number(s[(len(s)-1)/2]), number(s[0]), number(s[len(s)-1]))
}

func number(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// latencies are of one round; several goroutines add to it.
type latencies struct {
	mu   sync.Mutex
	list []time.Duration
}

func (l *latencies) add(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, d)
}

// take gives p50 and p99 in milliseconds and begins anew.
func (l *latencies) take() (p50, p99 float64) {
	l.mu.Lock()
	list := l.list
	l.list = nil
	l.mu.Unlock()
	if len(list) == 0 {
		return 0, 0
	}
	slices.SortFunc(list, cmp.Compare[time.Duration])
	at := func(q float64) float64 {
		return float64(list[min(len(list)-1, int(q*float64(len(list))))].Microseconds()) / 1000
	}
	return at(0.50), at(0.99)
}
