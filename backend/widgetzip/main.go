package widgetzip

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

const mainUsage = `leadline widget build --platform amocrm|kommo|dev [--backend URL] [--out FILE] …
leadline widget check FILE --platform amocrm|kommo|dev [--json]

build writes dist/<platform>/widget.zip; check prints what the marketplace would
refuse (U), what moderation would refuse (M) and advice (A), and ends with status
0 when there is nothing or advice only, 1 with M, 2 with U, 3 when it could not run.
"leadline widget build -h" lists the flags.
`

// statusBroken is the exit status of a command that could not do its work.
const statusBroken = 3

// maxArchiveBytes bounds what is read of an archive.
const maxArchiveBytes = 32 << 20

// Main runs `leadline widget …` and answers the exit status: see mainUsage.
// Settings that are not given as flags come from the environment:
// LEADLINE_APP_URL, LEADLINE_SUPPORT_LINK, _EMAIL and _PHONE.
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

func build(args []string, stdout, stderr io.Writer) int {
	var o Options
	f := flag.NewFlagSet("leadline widget build", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.Platform, "platform", AmoCRM, "`product`: amocrm, kommo or dev")
	f.StringVar(&o.BackendURL, "backend", os.Getenv("LEADLINE_APP_URL"), "public `address` of the server's app host")
	f.StringVar(&o.SupportLink, "support-link", os.Getenv("LEADLINE_SUPPORT_LINK"), "`address` of the support page")
	f.StringVar(&o.SupportEmail, "support-email", os.Getenv("LEADLINE_SUPPORT_EMAIL"), "`e-mail` of the support")
	f.StringVar(&o.SupportPhone, "support-phone", os.Getenv("LEADLINE_SUPPORT_PHONE"), "`phone` of the support, international")
	f.StringVar(&o.Version, "version", "", "`version` of this upload (default: that of manifest.json)")
	sources := f.String("sources", "", "`folder` of the sources (default: widget, here or beside the program)")
	out := f.String("out", "", "`file` to write (default: dist/<platform>/widget.zip)")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return statusBroken
	}
	for _, d := range []struct {
		value           *string
		fallback, named string
	}{
		{&o.BackendURL, "https://app.leadline.example", "--backend or LEADLINE_APP_URL"},
		{&o.SupportLink, "https://leadline.example/help", "--support-link or LEADLINE_SUPPORT_LINK"},
		{&o.SupportEmail, "help@leadline.example", "--support-email or LEADLINE_SUPPORT_EMAIL"},
	} {
		if *d.value == "" {
			*d.value = d.fallback
			if o.Platform != Dev {
				fmt.Fprintf(stderr, "note: %s is not set, %s stands in the archive; do not upload it\n", d.named, d.fallback)
			}
		}
	}
	for _, name := range []string{"AMOCRM", "KOMMO", "DEV"} {
		o.Forbidden = append(o.Forbidden, os.Getenv("LEADLINE_"+name+"_CLIENT_SECRET"), os.Getenv("LEADLINE_"+name+"_CHANNEL_SECRET"))
	}
	raw, err := Build(os.DirFS(sourceFolder(*sources)), o)
	if err == nil {
		if *out == "" {
			*out = filepath.Join("dist", o.Platform, FileName)
		}
		err = write(*out, raw)
	}
	if err != nil {
		fmt.Fprintln(stderr, "leadline widget build:", err)
		return statusBroken
	}
	fmt.Fprintf(stdout, "%s: %d bytes\n", *out, len(raw))
	return 0
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

func check(args []string, stdout, stderr io.Writer) int {
	var o Options
	f := flag.NewFlagSet("leadline widget check", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.Platform, "platform", AmoCRM, "`product`: amocrm, kommo or dev")
	asJSON := f.Bool("json", false, "print findings as JSON")
	var name string
	for rest := args; ; { // the file may stand before the flags
		if err := f.Parse(rest); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return 0
			}
			return statusBroken
		}
		if f.NArg() == 0 {
			break
		}
		if name != "" {
			fmt.Fprintln(stderr, "leadline widget check: one file at a time")
			return statusBroken
		}
		name, rest = f.Arg(0), f.Args()[1:]
	}
	if _, ok := products[o.Platform]; !ok || name == "" {
		fmt.Fprint(stderr, mainUsage)
		return statusBroken
	}
	raw, err := readFile(name)
	if err != nil {
		fmt.Fprintln(stderr, "leadline widget check:", err)
		return statusBroken
	}
	findings := Check(raw, filepath.Base(name), o)
	if *asJSON {
		e := json.NewEncoder(stdout)
		e.SetIndent("", "  ")
		if err := e.Encode(findings); err != nil {
			fmt.Fprintln(stderr, "leadline widget check:", err)
			return statusBroken
		}
		return status(findings)
	}
	for _, found := range findings {
		fmt.Fprintln(stdout, found)
	}
	if len(findings) == 0 {
		fmt.Fprintf(stdout, "%s: nothing found (%s)\n", name, o.Platform)
	}
	return status(findings)
}

func readFile(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(io.LimitReader(file, maxArchiveBytes+1))
}

func status(findings []Finding) int {
	worst := 0
	for _, f := range findings {
		switch f.Severity {
		case Refused:
			return 2
		case Moderation:
			worst = 1
		case Advice:
		}
	}
	return worst
}
