package widgetzip

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// One version never has two contents: browsers keep the files of a version.
func TestAVersionIsNotBuiltTwiceWithOtherContent(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), FileName)
	words, err := fs.ReadFile(ourSources, "lib/words.js")
	if err != nil {
		t.Fatal(err)
	}
	changed := copySources(t, time.Now(), map[string]string{"lib/words.js": string(words) + "// Changed.\n"})
	same := copySources(t, time.Now(), nil)
	for _, step := range []struct {
		name, sources string
		flags         []string
		status        int
		version       string // of what lies there afterwards
	}{
		{"the first build", same, []string{"--version", "1.0.9"}, 0, "1.0.9"},
		{"the same again", same, []string{"--version", "1.0.9"}, 0, "1.0.9"},
		{"other content", changed, []string{"--version", "1.0.9"}, statusBroken, "1.0.9"},
		{"a lower version", same, []string{"--version", "1.0.8"}, statusBroken, "1.0.9"},
		{"the same, raised when needed", same, []string{"--version", "1.0.0", "--raise"}, 0, "1.0.9"},
		{"other content, raised", changed, []string{"--raise"}, 0, "1.0.10"},
		{"other content again, raised", same, []string{"--raise"}, 0, "1.0.11"},
		{"a higher version", changed, []string{"--version", "2.0"}, 0, "2.0"},
		{"a product for the sandbox", same, []string{"--platform", "dev", "--version", "1.0.0"}, 0, "1.0.0"},
	} {
		var stdout, stderr bytes.Buffer
		args := append([]string{"build", "--backend", "https://app.shop.example", "--out", out, "--sources", step.sources}, step.flags...)
		if got := Main(args, &stdout, &stderr); got != step.status {
			t.Fatalf("%s: status %d, want %d: %s", step.name, got, step.status, &stderr)
		}
		raw, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := versionOf(raw); err != nil || got != step.version {
			t.Errorf("%s: version %q (%v), want %s", step.name, got, err, step.version)
		}
	}
}

func TestNextVersion(t *testing.T) {
	t.Parallel()
	for v, want := range map[string]string{"1.0.0": "1.0.1", "1.0.9": "1.0.10", "1.99": "1.100", "2.0.199": "2.0.200"} {
		if got := nextVersion(v); got != want {
			t.Errorf("after %s: %s, want %s", v, got, want)
		}
		if compareVersions(want, v) <= 0 || compareVersions(v, want) >= 0 || compareVersions(v, v) != 0 {
			t.Errorf("%s is not above %s", want, v)
		}
	}
}
