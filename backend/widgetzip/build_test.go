package widgetzip

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var ourSources = os.DirFS(filepath.Join("..", "..", "widget"))

func options(platform string) Options {
	o := Options{
		Platform: platform, BackendURL: "https://app.shop.example", SupportLink: "https://shop.example/help",
		SupportEmail: "help@shop.example", SupportPhone: "+7 495 123-45-67",
	}
	if platform == Dev {
		o.BackendURL = "http://app.leadline.localhost:8080"
	}
	return o
}

func buildOurs(t *testing.T, o Options) map[string]string {
	t.Helper()
	raw, err := Build(ourSources, o)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range z.File {
		content, err := fs.ReadFile(z, f.Name)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name] = string(content)
	}
	return files
}

func TestOurArchivesBreakNoRule(t *testing.T) {
	t.Parallel()
	for _, platform := range []string{AmoCRM, Kommo, Dev} {
		raw, err := Build(ourSources, options(platform))
		if err != nil {
			t.Fatal(err)
		}
		if got := Check(raw, FileName, Options{Platform: platform, Own: true}); len(got) != 0 {
			t.Errorf("%s: findings = %v, want none", platform, got)
		}
		again, err := Build(ourSources, options(platform))
		if err != nil || !bytes.Equal(raw, again) {
			t.Errorf("%s: a second build gave other bytes (%v)", platform, err)
		}
	}
}

func TestBuildPutsInWhatTheProductNeeds(t *testing.T) {
	t.Parallel()
	o := options(Kommo)
	o.Version = "1.2.3"
	files := buildOurs(t, o)
	for name, content := range files {
		if strings.Contains(name, "ru.") {
			t.Errorf("%s is in the archive for Kommo", name)
		}
		if !strings.HasSuffix(name, ".png") && regexp.MustCompile(`__[A-Z]`).MatchString(content) {
			t.Errorf("%s holds a placeholder", name)
		}
	}
	var m struct {
		Widget struct {
			Version string
			Locale  []string
			Support struct{ Link, Email string }
		}
	}
	if err := json.Unmarshal([]byte(files["manifest.json"]), &m); err != nil {
		t.Fatal(err)
	}
	if w := m.Widget; w.Version != "1.2.3" || !slices.Equal(w.Locale, []string{"en", "es", "pt"}) || w.Support.Link != "https://shop.example/help" || w.Support.Email != "help@shop.example" {
		t.Errorf("manifest.widget = %+v", w)
	}
	for file, want := range map[string]string{
		"lib/backend.js": "'https://app.shop.example'", "script.js": "'./lib/panel.js?v=1.2.3'", "i18n/en.json": "Kommo",
	} {
		if !strings.Contains(files[file], want) {
			t.Errorf("%s does not hold %s", file, want)
		}
	}
	if strings.Contains(files["i18n/en.json"], "+7") {
		t.Error("the English texts name a phone that does not begin with +1 (L06)")
	}
	if ru := buildOurs(t, options(AmoCRM))["i18n/ru.json"]; !strings.Contains(ru, "+7 495 123-45-67, help@shop.example") {
		t.Error("the Russian texts do not name the phone and the e-mail")
	}
}

func TestOnlyOneModuleKnowsTheAddress(t *testing.T) {
	t.Parallel()
	for name, content := range buildOurs(t, options(AmoCRM)) {
		if strings.Contains(content, "https://app.shop.example") != (name == "lib/backend.js") {
			t.Errorf("%s: wrong about the server's address", name)
		}
	}
}

// A new file must be named in the list of the builder, or it never ships.
func TestEverySourceIsInAnArchive(t *testing.T) {
	t.Parallel()
	files := buildOurs(t, options(AmoCRM))
	err := fs.WalkDir(ourSources, ".", func(name string, d fs.DirEntry, err error) error {
		if _, ok := files[name]; err == nil && !d.IsDir() && !ok {
			t.Errorf("widget/%s is not in the archive", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestBuildRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Options){
		"an unknown platform":                    func(o *Options) { o.Platform = "other" },
		"http for a real product":                func(o *Options) { o.BackendURL = "http://app.shop.example" },
		"a path in the backend":                  func(o *Options) { o.BackendURL = "https://shop.example/app" },
		"a quote in the backend":                 func(o *Options) { o.BackendURL = "https://shop.example'" },
		"a support link without https":           func(o *Options) { o.SupportLink = "http://shop.example" },
		"no support e-mail":                      func(o *Options) { o.SupportEmail = "" },
		"a phone for other languages without +1": func(o *Options) { o.SupportPhoneIntl = "+7 495 123-45-67" },
		"a phone with letters":                   func(o *Options) { o.SupportPhone = "call us" },
		"a version with letters":                 func(o *Options) { o.Version = "1.0-rc1" },
		"a secret among the sources (J19)":       func(o *Options) { o.Forbidden = []string{"", "app.shop.example"} },
	} {
		o := options(AmoCRM)
		change(&o)
		if _, err := Build(ourSources, o); err == nil {
			t.Errorf("%s: built", name)
		}
	}
}

func TestMainBuildsAndChecks(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "amocrm", FileName)
	var stdout, stderr bytes.Buffer
	if got := Main([]string{"build", "--sources", "../../widget", "--backend", "https://app.shop.example", "--out", out}, &stdout, &stderr); got != 0 {
		t.Fatalf("build: status %d, %s", got, &stderr)
	}
	if got := Main([]string{"check", out, "--platform", "amocrm"}, &stdout, &stderr); got != 0 {
		t.Errorf("check: status %d, %s%s", got, &stdout, &stderr)
	}
	bad := filepath.Join(t.TempDir(), "bad.zip")
	if err := os.WriteFile(bad, []byte("no zip"), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout.Reset()
	if got := Main([]string{"check", "--json", bad}, &stdout, &stderr); got != 2 {
		t.Errorf("check of no zip: status %d, want 2", got)
	}
	var findings []Finding
	if err := json.Unmarshal(stdout.Bytes(), &findings); err != nil || len(findings) != 2 || findings[0].Rule != "Z01" {
		t.Errorf("findings = %v (%v), want two of Z01", findings, err)
	}
	for _, args := range [][]string{{}, {"sell"}, {"check"}, {"check", "missing.zip"}, {"build", "--platform", "moon"}, {"check", bad, bad}} {
		if got := Main(args, &stdout, &stderr); got != statusBroken {
			t.Errorf("%q: status %d, want %d", args, got, statusBroken)
		}
	}
}

func TestBuildNamesTheContactsOfTheLanguage(t *testing.T) {
	t.Parallel()
	o := options(AmoCRM)
	o.SupportEmail, o.SupportEmailIntl, o.SupportPhoneIntl = "help@shop.ru", "help@shop.example", "+1 555 0100"
	files := buildOurs(t, o)
	if en := files["i18n/en.json"]; !strings.Contains(en, "+1 555 0100, help@shop.example") || strings.Contains(en, "shop.ru") {
		t.Error("the English texts do not name the contacts of other languages")
	}
	if ru := files["i18n/ru.json"]; !strings.Contains(ru, "+7 495 123-45-67, help@shop.ru") {
		t.Error("the Russian texts do not name the Russian contacts")
	}
}

// copySources puts our sources, changed by edits, into a folder whose files have
// that time.
func copySources(t *testing.T, at time.Time, edits map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, ourSources); err != nil {
		t.Fatal(err)
	}
	for name, content := range edits {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	err := filepath.WalkDir(folder, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(name, at, at)
	})
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestTheSameSourcesGiveTheSameBytesAtAnyTime(t *testing.T) {
	t.Parallel()
	var first []byte
	for _, at := range []time.Time{time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC), time.Date(2031, 7, 8, 9, 10, 12, 0, time.FixedZone("x", 3600))} {
		raw, err := Build(os.DirFS(copySources(t, at, nil)), options(AmoCRM))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = raw
		} else if !bytes.Equal(first, raw) {
			t.Error("other times of the files gave other bytes")
		}
	}
}

func TestBuildRefusesWhatLooksLikeASecret(t *testing.T) {
	t.Parallel()
	words, err := fs.ReadFile(ourSources, "lib/words.js")
	if err != nil {
		t.Fatal(err)
	}
	key := "9f8e7d6c5b4a39281706f5e4d3c2b1a0" + "01234567"
	folder := copySources(t, time.Now(), map[string]string{"lib/words.js": string(words) + "// " + key + "\n"})
	if _, err := Build(os.DirFS(folder), options(AmoCRM)); err == nil || !strings.Contains(err.Error(), "J19") || strings.Contains(err.Error(), key) {
		t.Errorf("error = %v, want J19 without the value", err)
	}
}

func TestCheckAcceptsWhatWasLookedAt(t *testing.T) {
	t.Parallel()
	files := goodFiles(t, AmoCRM)
	files["lib/a.js"] = "define(function () {\n  console.log('x');\n  return 1;\n});\n"
	folder := t.TempDir()
	name := filepath.Join(folder, FileName)
	if err := os.WriteFile(name, zipOf(t, files), 0o600); err != nil {
		t.Fatal(err)
	}
	for place, want := range map[string]int{"J04": 0, "J04:lib/a.js": 0, "J04:lib/a.js:2": 0, "J04:lib/a.js:3": 1, "J03": 1} {
		var stdout, stderr bytes.Buffer
		if got := Main([]string{"check", name, "--accept", place}, &stdout, &stderr); got != want {
			t.Errorf("--accept %s: status %d, want %d", place, got, want)
		}
		if !strings.Contains(stdout.String(), "lib/a.js:2: J04 (M") || strings.Contains(stdout.String(), "accepted") != (want == 0) || (stderr.Len() > 0) != (want == 1) {
			t.Errorf("--accept %s: %s%s", place, &stdout, &stderr)
		}
	}
	var stdout, stderr bytes.Buffer
	if got := Main([]string{"check", name, "--accept", "J04", "--previous", name, "--json"}, &stdout, &stderr); got != 1 || !strings.Contains(stdout.String(), `"rule": "M04"`) {
		t.Errorf("--previous: status %d, %s%s; want M04", got, &stdout, &stderr)
	}
	delete(files, "script.js")
	if err := os.WriteFile(name, zipOf(t, files), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Main([]string{"check", name, "--accept", "Z03"}, &stdout, &stderr); got != 2 {
		t.Errorf("a refused archive was accepted: status %d", got)
	}
}

// Not parallel: it sets variables of the process.
func TestBuildStopsAtEverySecretOfTheSettings(t *testing.T) {
	const inside = "app.shop.example" // stands in lib/backend.js
	for name, value := range map[string]string{
		"LEADLINE_KOMMO_CLIENT_SECRET": "something-else," + inside, "LEADLINE_AMOCRM_CHANNEL_SECRET": inside, "LEADLINE_SMTP_PASSWORD": inside,
		"LEADLINE_S3_SECRET": inside, "LEADLINE_S3_KEY": inside, "LEADLINE_DATABASE": "postgres://user:" + inside + "@db/name",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			out := filepath.Join(t.TempDir(), FileName)
			var stdout, stderr bytes.Buffer
			got := Main([]string{"build", "--sources", "../../widget", "--backend", "https://" + inside, "--out", out}, &stdout, &stderr)
			if got != statusBroken || !strings.Contains(stderr.String(), "J19") || strings.Contains(stderr.String(), inside) {
				t.Errorf("status %d, %s; want a refusal without the value", got, &stderr)
			}
			if _, err := os.Stat(out); err == nil {
				t.Error("the archive was written")
			}
		})
	}
	t.Setenv("LEADLINE_KEY_FILE", inside)
	if secrets := serverSecrets(); slices.Contains(secrets, inside) {
		t.Errorf("the path of the key file counts as a secret: %q", secrets)
	}
}
