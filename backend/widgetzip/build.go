package widgetzip

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// sourceFiles is what goes into every archive; languages and tour pictures are
// added by product. What is not named here never gets in.
var sourceFiles = []string{
	"manifest.json", "script.js", "style.css",
	"lib/backend.js", "lib/background.js", "lib/buttons.js", "lib/calls.js", "lib/console.js", "lib/copy.js", "lib/crm.js", "lib/dialogue.js", "lib/form.js",
	"lib/incidents.js", "lib/leader.js", "lib/memory.js", "lib/panel.js", "lib/presence.js", "lib/save.js", "lib/sources.js", "lib/style.js",
	"lib/view.js", "lib/words.js",
	"images/logo.png", "images/logo_main.png", "images/logo_medium.png", "images/logo_min.png", "images/logo_small.png",
}

var (
	versionForm = regexp.MustCompile(`^\d+(\.\d+){1,3}$`)
	placeholder = regexp.MustCompile(`__[A-Z][A-Z_]*__`)
	phoneForm   = regexp.MustCompile(`^\+[0-9][0-9 ()-]{5,24}$`)
	ownModule   = regexp.MustCompile(`'(\./(?:lib/)?[a-z]+\.js)'`)
)

// sourceManifest is the manifest of our own sources; an unknown key is an error,
// so that nothing is lost when it is written anew.
type sourceManifest struct {
	Widget struct {
		Name             string   `json:"name"`
		Description      string   `json:"description"`
		ShortDescription string   `json:"short_description"`
		Version          string   `json:"version"`
		InterfaceVersion int      `json:"interface_version"`
		InitOnce         bool     `json:"init_once"`
		Locale           []string `json:"locale"`
		Installation     bool     `json:"installation"`
		Support          struct {
			Link  string `json:"link"`
			Email string `json:"email"`
		} `json:"support"`
	} `json:"widget"`
	Locations []string `json:"locations"`
	Advanced  struct {
		Title string `json:"title"`
	} `json:"advanced"`
	Tour struct {
		IsTour      bool                `json:"is_tour"`
		Images      map[string][]string `json:"tour_images"`
		Description string              `json:"tour_description"`
	} `json:"tour"`
	Settings map[string]struct {
		Name     string `json:"name"`
		Type     string `json:"type"`
		Required bool   `json:"required"`
	} `json:"settings"`
}

// Build makes the archive of one product from the sources. The same sources and
// options give the same bytes. It refuses options that would give an archive
// that does not work, and one that holds a secret of Options.Forbidden.
func Build(sources fs.FS, o Options) ([]byte, error) {
	p, ok := products[o.Platform]
	if !ok {
		return nil, fmt.Errorf("no platform %q: amocrm, kommo or dev", o.Platform)
	}
	if err := o.valid(); err != nil {
		return nil, err
	}
	m, err := readManifest(sources)
	if err != nil {
		return nil, err
	}
	if o.Version == "" {
		o.Version = m.Widget.Version
	}
	if !versionForm.MatchString(o.Version) {
		return nil, fmt.Errorf("version %q is not dotted digits (M04)", o.Version)
	}
	m.Widget.Version = o.Version
	m.Widget.Locale = p.locales
	m.Widget.Support.Link, m.Widget.Support.Email = o.SupportLink, o.SupportEmail
	names := slices.Clone(sourceFiles)
	for l := range m.Tour.Images {
		if !slices.Contains(p.locales, l) {
			delete(m.Tour.Images, l)
		}
	}
	for _, l := range p.locales {
		names = append(names, "i18n/"+l+".json")
		for _, image := range m.Tour.Images[l] {
			names = append(names, strings.TrimPrefix(image, "/"))
		}
	}
	slices.Sort(names)
	return pack(sources, slices.Compact(names), m, o)
}

func pack(sources fs.FS, names []string, m sourceManifest, o Options) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range names {
		raw, err := content(sources, name, m, o)
		if err != nil {
			return nil, err
		}
		if secretIn(string(raw), o.Forbidden) >= 0 {
			return nil, fmt.Errorf("%s holds a secret of the server (J19)", name)
		}
		if at, kind := secretLike(string(raw)); at >= 0 && textFile.MatchString(name) {
			return nil, fmt.Errorf("%s:%d looks like it holds %s (J19)", name, lineAt(raw, at), kind)
		}
		h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write(raw)
		}
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	return out.Bytes(), nil
}

// content reads one file and puts in what differs between products.
func content(sources fs.FS, name string, m sourceManifest, o Options) ([]byte, error) {
	if name == "manifest.json" {
		var out bytes.Buffer
		e := json.NewEncoder(&out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(m); err != nil {
			return nil, fmt.Errorf("write manifest.json: %w", err)
		}
		return out.Bytes(), nil
	}
	raw, err := fs.ReadFile(sources, name)
	if err != nil {
		return nil, fmt.Errorf("read sources: %w", err)
	}
	if strings.HasSuffix(name, ".png") {
		return raw, nil
	}
	text := strings.NewReplacer(
		"__CRM__", products[o.Platform].crm,
		"__BACKEND_URL__", strings.TrimSuffix(o.BackendURL, "/"),
		"__SUPPORT_LINK__", o.SupportLink,
		"__SUPPORT_CONTACT__", o.contact(name == "i18n/ru.json"),
	).Replace(string(raw))
	if strings.HasSuffix(name, ".js") {
		// The CRM asks for these modules without a version and browsers would keep old ones (W §4.5).
		text = ownModule.ReplaceAllString(text, "'$1?v="+o.Version+"'")
	}
	if left := placeholder.FindString(text); left != "" {
		return nil, fmt.Errorf("%s: nothing is known for %s", name, left)
	}
	return []byte(text), nil
}

func readManifest(sources fs.FS) (sourceManifest, error) {
	var m sourceManifest
	raw, err := fs.ReadFile(sources, "manifest.json")
	if err != nil {
		return m, fmt.Errorf("read sources: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return m, fmt.Errorf("manifest.json: %w", err)
	}
	return m, nil
}

// valid checks what comes from flags and settings. The values go into JSON,
// JavaScript and HTML, so characters that mean something there are refused.
func (o Options) valid() error {
	for _, v := range []string{o.BackendURL, o.SupportLink, o.SupportEmail, o.SupportEmailIntl} {
		if strings.ContainsAny(v, "\"'\\<>`\r\n\t ") || len(v) > 300 {
			return fmt.Errorf("%q: quotes, angle brackets and spaces are not allowed", v)
		}
	}
	u, err := url.Parse(o.BackendURL)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return fmt.Errorf("backend %q: want a scheme and a host, like https://app.example.com", o.BackendURL)
	}
	if u.Scheme != "https" && !(o.Platform == Dev && u.Scheme == "http") {
		return fmt.Errorf("backend %q: only https (J15)", o.BackendURL)
	}
	if u, err := url.Parse(o.SupportLink); err != nil || u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("support link %q: want an https address (M10)", o.SupportLink)
	}
	for _, email := range []string{o.SupportEmail, o.SupportEmailIntl} {
		if a, err := mail.ParseAddress(email); (err != nil || a.Address != email) && (email != "" || o.SupportEmail == "") {
			return fmt.Errorf("support e-mail %q is not an address (M10)", email)
		}
	}
	for _, phone := range []string{o.SupportPhone, o.SupportPhoneIntl} {
		if phone != "" && !phoneForm.MatchString(phone) {
			return fmt.Errorf("support phone %q: want +, digits and spaces", phone)
		}
	}
	if o.SupportPhoneIntl != "" && !strings.HasPrefix(o.SupportPhoneIntl, "+1") {
		return fmt.Errorf("support phone %q for other languages: want one that begins with +1 (L06)", o.SupportPhoneIntl)
	}
	return nil
}

// contact is what a text of one language names for help (L06).
func (o Options) contact(russian bool) string {
	email, phone := o.SupportEmail, o.SupportPhone
	if !russian {
		if o.SupportEmailIntl != "" {
			email = o.SupportEmailIntl
		}
		if o.SupportPhoneIntl != "" {
			phone = o.SupportPhoneIntl
		}
	}
	if phone != "" && (russian || strings.HasPrefix(phone, "+1")) {
		return phone + ", " + email
	}
	return email
}
