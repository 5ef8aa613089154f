package widgetzip

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

func build(args []string, stdout, stderr io.Writer) int {
	var o Options
	f := flag.NewFlagSet("leadline widget build", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.Platform, "platform", AmoCRM, "`product`: amocrm, kommo or dev")
	f.StringVar(&o.BackendURL, "backend", os.Getenv("LEADLINE_APP_URL"), "public `address` of the server's app host")
	f.StringVar(&o.SupportLink, "support-link", os.Getenv("LEADLINE_SUPPORT_LINK"), "`address` of the support page")
	f.StringVar(&o.SupportEmail, "support-email", os.Getenv("LEADLINE_SUPPORT_EMAIL"), "`e-mail` of the support")
	f.StringVar(&o.SupportPhone, "support-phone", os.Getenv("LEADLINE_SUPPORT_PHONE"), "`phone` of the support, international")
	f.StringVar(&o.SupportEmailIntl, "support-email-intl", os.Getenv("LEADLINE_SUPPORT_EMAIL_INTL"), "`e-mail` in texts of other languages than Russian, where none of .ru may stand")
	f.StringVar(&o.SupportPhoneIntl, "support-phone-intl", os.Getenv("LEADLINE_SUPPORT_PHONE_INTL"), "`phone` in those texts; it begins with +1")
	f.StringVar(&o.Version, "version", os.Getenv("LEADLINE_WIDGET_VERSION"), "`version` of this upload (default: that of manifest.json)")
	raise := f.Bool("raise", false, "take the version above that of the previous archive when the content changed, the same when not")
	previous := f.String("previous", "", "`archive` of the last upload (default: what lies at --out)")
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
	o.Forbidden = serverSecrets()
	if *out == "" {
		*out = filepath.Join("dist", o.Platform, FileName)
	}
	if *previous == "" {
		*previous = *out
	}
	raw, err := buildAfter(os.DirFS(sourceFolder(*sources)), o, *previous, *raise)
	if err == nil {
		err = write(*out, raw)
	}
	if err != nil {
		fmt.Fprintln(stderr, "leadline widget build:", err)
		return statusBroken
	}
	version, err := versionOf(raw)
	if err != nil {
		fmt.Fprintln(stderr, "leadline widget build:", err)
		return statusBroken
	}
	fmt.Fprintf(stdout, "%s: version %s, %d bytes\n", *out, version, len(raw))
	return 0
}

// buildAfter builds what may be uploaded after the previous archive: browsers
// keep the files of a version, so one version never has two contents. A missing
// previous archive is no error; the sandbox takes any version.
func buildAfter(sources fs.FS, o Options, previous string, raise bool) ([]byte, error) {
	raw, err := Build(sources, o)
	if err != nil || o.Platform == Dev {
		return raw, err
	}
	last, err := readFile(previous)
	if errors.Is(err, fs.ErrNotExist) {
		return raw, nil
	}
	if err != nil {
		return nil, err
	}
	lastVersion, err := versionOf(last)
	if err != nil {
		return nil, fmt.Errorf("the previous archive %s: %w; move it away if it is none", previous, err)
	}
	version, err := versionOf(raw)
	if err != nil {
		return nil, err
	}
	same, err := sameContent(raw, last)
	switch higher := compareVersions(version, lastVersion); {
	case err != nil:
		return nil, err
	case higher > 0 || higher == 0 && same:
		return raw, nil
	case raise && same:
		o.Version = lastVersion
	case raise:
		o.Version = nextVersion(lastVersion)
	case same:
		return nil, fmt.Errorf("version %s is below %s of the previous archive %s (M04)", version, lastVersion, previous)
	default:
		return nil, fmt.Errorf("version %s: the previous archive %s has version %s and other content; give --version %s, or --raise (M04)",
			version, previous, lastVersion, nextVersion(lastVersion))
	}
	return Build(sources, o)
}
