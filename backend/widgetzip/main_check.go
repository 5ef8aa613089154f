package widgetzip

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

func check(args []string, stdout, stderr io.Writer) int {
	var o Options
	f := flag.NewFlagSet("leadline widget check", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.Platform, "platform", AmoCRM, "`product`: amocrm, kommo or dev")
	asJSON := f.Bool("json", false, "print findings as JSON")
	f.BoolVar(&o.Own, "own", false, "the archive is this product's own: rule M15 too")
	previous := f.String("previous", "", "`archive` of the last upload, whose version must be lower (M04)")
	f.Func("published", "`archive` that is published already (Z11); may be given more than once", func(name string) error {
		raw, err := readFile(name)
		sum := sha256.Sum256(raw)
		o.Published = append(o.Published, hex.EncodeToString(sum[:]))
		return err
	})
	f.Func("accept", "`finding` that was looked at and may stand: RULE, RULE:FILE or RULE:FILE:LINE; not for U", func(place string) error {
		o.Accepted = append(o.Accepted, place)
		return nil
	})
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
	if *previous != "" {
		last, err := readFile(*previous)
		if err == nil {
			o.Previous, err = versionOf(last)
		}
		if err != nil {
			fmt.Fprintf(stderr, "leadline widget check: --previous %s: %v\n", *previous, err)
			return statusBroken
		}
	}
	o.Forbidden = serverSecrets()
	findings := Check(raw, filepath.Base(name), o)
	for _, place := range o.Accepted {
		if !slices.ContainsFunc(findings, func(f Finding) bool { return f.Accepted && slices.Contains(f.place(), place) }) {
			fmt.Fprintf(stderr, "note: --accept %s: there is no such finding that may be accepted\n", place)
		}
	}
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
		if f.Accepted {
			continue
		}
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
