package crmpage

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Limits of an archive that the sandbox accepts; the real limits are not
// documented (W §2.1).
const (
	maxFiles     = 500
	maxFileBytes = 4 << 20
	maxAllBytes  = 16 << 20
)

var codePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9_]{0,63}$`)

// bundle is one uploaded widget: the unzipped files and what the page needs of
// its manifest.
type bundle struct {
	id         int64 // stable while the sandbox runs
	code, uuid string
	files      map[string][]byte
	manifest   manifest
}

// manifest is the part of manifest.json (W §3) that changes how the page behaves.
type manifest struct {
	Widget struct {
		Version      string `json:"version"`
		InitOnce     bool   `json:"init_once"`
		Locale       []string
		Installation bool `json:"installation"`
		IsShowcase   bool `json:"is_showcase"`
		Support      struct {
			Link  string `json:"link"`
			Email string `json:"email"`
		} `json:"support"`
	} `json:"widget"`
	Locations []string `json:"locations"`
	Settings  fields   `json:"settings"`
	Tour      struct {
		IsTour bool                `json:"is_tour"`
		Images map[string][]string `json:"tour_images"`
	} `json:"tour"`
	Advanced struct {
		Title string `json:"title"`
	} `json:"advanced"`
}

// field is one entry of the manifest's settings (W §3.4).
type field struct {
	Code     string `json:"code"`
	Name     string `json:"name"`
	Type     string `json:"type"`
	Required bool   `json:"required"`
}

// fields keeps the order of the manifest, which is the order on the screen.
type fields []field

// UnmarshalJSON reads an object in the order of its keys; an empty array stands
// for no fields.
func (f *fields) UnmarshalJSON(raw []byte) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	open, err := dec.Token()
	if err != nil || open != json.Delim('{') {
		var none []json.RawMessage
		if json.Unmarshal(raw, &none) == nil && len(none) == 0 {
			*f = nil
			return nil
		}
		return errors.New("settings: not an object")
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		var one field
		if err := dec.Decode(&one); err != nil {
			return err
		}
		one.Code, _ = key.(string)
		*f = append(*f, one)
	}
	return nil
}

// AddWidget unzips a widget.zip and offers it in the marketplace of every
// account under the given code. clientUUID is the integration's id; "" plays a
// widget without OAuth client (W §8.3). The same code again replaces the files,
// as an upload of a new version does.
//
// Only what the page cannot work without is checked here (safe names, sizes,
// manifest.json, the language files); the rest is the validator's business.
func (s *Site) AddWidget(code, clientUUID string, archive []byte) error {
	if !codePattern.MatchString(code) {
		return fmt.Errorf("widget code %q: letters a-z, digits and _ only", code)
	}
	files, err := unzip(archive)
	if err != nil {
		return fmt.Errorf("widget %s: %w", code, err)
	}
	b := &bundle{code: code, uuid: clientUUID, files: files}
	raw, ok := files["manifest.json"]
	if !ok {
		return fmt.Errorf("widget %s: no manifest.json at the root of the archive", code)
	}
	if err := json.Unmarshal(raw, &b.manifest); err != nil {
		return fmt.Errorf("widget %s: manifest.json: %w", code, err)
	}
	if b.manifest.Widget.Version == "" || len(b.manifest.Widget.Locale) == 0 {
		return fmt.Errorf("widget %s: manifest.json: widget.version and widget.locale are needed", code)
	}
	for _, lang := range b.manifest.Widget.Locale {
		if !json.Valid(files["i18n/"+lang+".json"]) {
			return fmt.Errorf("widget %s: i18n/%s.json is missing or is not JSON", code, lang)
		}
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.widgets, func(old *bundle) bool { return old.code == code })
	if i < 0 {
		b.id = 1022170 + int64(len(s.widgets))
		s.widgets = append(s.widgets, b)
	} else {
		b.id = s.widgets[i].id
		s.widgets[i] = b
	}
	return nil
}

func unzip(archive []byte) (map[string][]byte, error) {
	if len(archive) > maxAllBytes {
		return nil, errors.New("the archive is too large")
	}
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, err
	}
	if len(z.File) > maxFiles {
		return nil, fmt.Errorf("more than %d files", maxFiles)
	}
	files := map[string][]byte{}
	total := 0
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		if !safeName(f.Name) || files[f.Name] != nil {
			return nil, fmt.Errorf("unsafe or repeated name %q", f.Name)
		}
		body, err := readFile(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		if total += len(body); total > maxAllBytes {
			return nil, errors.New("the unpacked files are too large")
		}
		files[f.Name] = body
	}
	return files, nil
}

// safeName refuses what W §9.1 Z10 calls refused: absolute, "..", backslashes.
func safeName(name string) bool {
	return name != "" && len(name) <= 200 && !strings.ContainsAny(name, "\\\x00:") &&
		!path.IsAbs(name) && path.Clean(name) == name && name != ".." && !strings.HasPrefix(name, "../")
}

func readFile(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	body, err := io.ReadAll(io.LimitReader(r, maxFileBytes+1))
	if err == nil && len(body) > maxFileBytes {
		err = errors.New("too large")
	}
	return body, err
}

// bundle finds a widget that is offered to the account.
func (s *Site) bundle(a Account, code string) (*bundle, bool) {
	for _, b := range s.bundles(a) {
		if b.code == code {
			return b, true
		}
	}
	return nil, false
}

// bundles lists what is offered to the account.
func (s *Site) bundles(a Account) []*bundle {
	s.mu.RLock()
	all := slices.Clone(s.widgets)
	s.mu.RUnlock()
	return slices.DeleteFunc(all, func(b *bundle) bool { return s.opts.Offer != nil && !s.opts.Offer(a, b.code) })
}

// path is where the files of the widget are served: with the version in it on
// Kommo (W §2.5).
func (b *bundle) path(a Account) string {
	if a.Global {
		return "/upl/" + b.code + "/" + b.manifest.Widget.Version + "/widget"
	}
	return "/upl/" + b.code + "/widget"
}

// language is the one language file that the browser receives (W §2.4).
func (b *bundle) language(wanted string) string {
	for _, lang := range []string{wanted, "en"} {
		if slices.Contains(b.manifest.Widget.Locale, lang) {
			return lang
		}
	}
	return b.manifest.Widget.Locale[0]
}

// has tells whether the manifest names a location, with or without the suffix
// of W §3.3.
func (b *bundle) has(location string) bool {
	return slices.ContainsFunc(b.manifest.Locations, func(l string) bool {
		return l == location || l == location+"-0" || l == location+"-1"
	})
}

// types of the files that an archive may hold; Go's table would ask the
// operating system.
var types = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".json": "application/json; charset=utf-8", ".twig": "text/plain; charset=utf-8",
	".html": "text/html; charset=utf-8", ".md": "text/plain; charset=utf-8",
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
	".svg": "image/svg+xml", ".webp": "image/webp", ".woff2": "font/woff2", ".mp3": "audio/mpeg",
}

// asset serves one file of the archive, nothing else: no listing, no index (W §10.1).
func (s *Site) asset(w http.ResponseWriter, r *http.Request) {
	account, ok := s.world.Account(hostName(r.Host))
	if !ok {
		http.NotFound(w, r)
		return
	}
	b, found := s.bundle(account, r.PathValue("code"))
	if !found {
		http.NotFound(w, r)
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, b.path(account)+"/")
	body, found := b.files[name]
	if !ok || !found {
		http.NotFound(w, r)
		return
	}
	kind := types[strings.ToLower(path.Ext(name))]
	if kind == "" {
		kind = mime.TypeByExtension(path.Ext(name))
	}
	if kind == "" {
		kind = "application/octet-stream"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-cache") // a developer rebuilds without raising the version
	_, _ = w.Write(body)
}
