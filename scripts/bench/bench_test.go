package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMain makes the test binary the servers of the bench, as main does.
func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		exit(serve(role))
	}
	os.Exit(m.Run())
}

// TestBenchMeasuresEverything runs one very short round: every figure that the
// report names is there, and what was sent arrived once and in order. How fast is
// of no interest here.
func TestBenchMeasuresEverything(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run(t.Context(), options{rounds: 1, round: 50 * time.Millisecond, out: &out}); err != nil {
		t.Fatal(err)
	}
	report := out.String()
	for _, want := range []string{"hooks accepted/s, 32 senders", "messages delivered/s, 32 senders", "floor hooks/s, 32 senders", "gin handlers/s", "background questions/s",
		"order and repeats: 0 of"} {
		if !strings.Contains(report, want) {
			t.Errorf("the report says nothing of %q:\n%s", want, report)
		}
	}
	if strings.Contains(report, "not measured") {
		t.Errorf("something was not measured:\n%s", report)
	}
	if _, rest, _ := strings.Cut(report, "order and repeats: "); !strings.Contains(rest, "and 0 of") {
		t.Errorf("order was broken:\n%s", report)
	}
}

// TestReadText: what is written into a text is read out of the JSON around it.
func TestReadText(t *testing.T) {
	t.Parallel()
	at := time.Unix(0, 1767225600123456789)
	thread, n, got, ok := readText([]byte(`{"type":"text","text":"` + benchText(7, 42, at) + `"}`))
	if !ok || thread != 7 || n != 42 || !got.Equal(at) {
		t.Errorf("read %d, %d, %s, %v", thread, n, got, ok)
	}
	for _, bad := range []string{``, `{"text":"hello"}`, `{"text":"bench 1 2`, `{"text":"bench 1 x 3 "}`} {
		if _, _, _, ok := readText([]byte(bad)); ok {
			t.Errorf("read %q", bad)
		}
	}
}
