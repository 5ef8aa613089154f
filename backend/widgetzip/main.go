package widgetzip

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const mainUsage = `leadline widget build --platform amocrm|kommo|dev [--backend URL] [--version V] [--out FILE] …
leadline widget check FILE --platform amocrm|kommo|dev [--json] [--previous FILE] [--accept RULE:FILE:LINE] …

build writes dist/<platform>/widget.zip; check prints what the marketplace would
refuse (U), what moderation would refuse (M) and advice (A), and ends with status
0 when there is nothing or advice only, 1 with M, 2 with U, 3 when it could not run.
"leadline widget build -h" and "check -h" list the flags.
`

// statusBroken is the exit status of a command that could not do its work.
const statusBroken = 3

// maxArchiveBytes bounds what is read of an archive.
const maxArchiveBytes = 32 << 20

// Main runs `leadline widget …` and answers the exit status: see mainUsage.
// Settings that are not given as flags come from the environment:
// LEADLINE_APP_URL, LEADLINE_SUPPORT_LINK, _EMAIL and _PHONE, LEADLINE_WIDGET_VERSION.
func Main(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		switch args[0] {
		case "build":
			return build(args[1:], stdout, stderr)
		case "check":
			return check(args[1:], stdout, stderr)
		}
	}
	fmt.Fprint(stderr, mainUsage)
	return statusBroken
}

// sourceFolder finds the sources: given, here, or in the checkout that the
// program was built in (bin/leadline beside widget/).
func sourceFolder(given string) string {
	if given != "" {
		return given
	}
	if _, err := os.Stat("widget/manifest.json"); err != nil {
		if exe, err := os.Executable(); err == nil {
			beside := filepath.Join(filepath.Dir(exe), "..", "widget")
			if _, err := os.Stat(filepath.Join(beside, "manifest.json")); err == nil {
				return beside
			}
		}
	}
	return "widget"
}

func write(name string, raw []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil { //nolint:gosec // for everybody, like the archive
		return err
	}
	return os.WriteFile(name, raw, 0o644) //nolint:gosec // what the marketplace publishes is no secret
}

// serverSecrets are the values of all settings that are secret, so that neither a
// build nor a check lets one pass (J19). Very short ones would be found anywhere.
func serverSecrets() []string {
	const shortest = 5
	var secrets []string
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, "LEADLINE_") {
			continue
		}
		switch {
		case strings.HasSuffix(name, "_SECRET"), strings.HasSuffix(name, "_PASSWORD"), strings.HasSuffix(name, "_KEY"):
			secrets = append(secrets, strings.Split(value, ",")...)
		case name == "LEADLINE_DATABASE":
			if u, err := url.Parse(value); err == nil {
				password, _ := u.User.Password()
				secrets = append(secrets, password)
			}
		}
	}
	return slices.DeleteFunc(secrets, func(s string) bool { return len(s) < shortest })
}
