// Package sitechat is the site's front end as data: the loader that a site embeds, the panel that the loader opens in a frame,
// the page of that frame, and the snippet that brings the loader to a site.
//
// It knows nothing of HTTP, routes or settings; who serves it gives the headers. The TypeScript sources are in src, and
// `npm ci && npm run build` makes dist of them. Without that build the package compiles and Files says what is missing:
//
//	build, err := sitechat.Files()
//	page, err := build.FramePage(sitechat.Frame{ButtonID: "1042", Lang: "ru"})
//	html := sitechat.Snippet(sitechat.AmoCRM, sitechat.Embed{ButtonID: "1042", Hash: hash, Locale: "ru", LoaderURL: url})
package sitechat

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

// The pattern finds dist-missing.txt in every checkout, and dist beside it once it was built.
//
//go:embed dist*
var embedded embed.FS

// ErrNotBuilt is what Files returns when the program was compiled without the build of the site chat.
var ErrNotBuilt = errors.New("the site chat is not built: run make build")

// Build is one build of the site chat. It does not change and may be used by many goroutines; what it returns is not to be
// written to.
type Build struct {
	loader   File
	assets   map[string]File
	manifest manifest
}

// File is one file of the build as it goes to a browser.
type File struct {
	Data []byte
	// Brotli and Gzip are the same made small; empty where that saves nothing.
	Brotli, Gzip []byte
	// Type is the content type. The character set matters on sites that use another one.
	Type string
	// Immutable files have a hash of their content in their name: they may be kept for ever.
	Immutable bool
	// Tag tells one content from another, as a quoted entity tag.
	Tag string
}

type manifest struct {
	Loader       string `json:"loader"`
	WindowScript string `json:"window_script"`
	ExtrasScript string `json:"extras_script"`
	PanelScript  string `json:"panel_script"`
	PanelStyle   string `json:"panel_style"`
	Playground   string `json:"playground"`
	BotEditor    string `json:"bot_editor"`
	BotStyle     string `json:"bot_editor_style"`
	// What the panel fetches when it needs it: the words of each language ("words.ru"), and rarely used code ("viewer").
	PanelParts map[string]string `json:"panel_parts"`
}

var files = sync.OnceValues(func() (*Build, error) { return read(embedded) })

// Files returns the build that is compiled in, or ErrNotBuilt.
func Files() (*Build, error) { return files() }

func read(from fs.FS) (*Build, error) {
	raw, err := fs.ReadFile(from, "dist/manifest.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotBuilt
	}
	if err != nil {
		return nil, fmt.Errorf("read the manifest of the site chat: %w", err)
	}
	b := &Build{assets: map[string]File{}}
	if err := json.Unmarshal(raw, &b.manifest); err != nil {
		return nil, fmt.Errorf("read the manifest of the site chat: %w", err)
	}
	if b.loader, err = readFile(from, path.Join("dist", b.manifest.Loader)); err != nil {
		return nil, fmt.Errorf("read the loader of the site chat: %w", err)
	}
	names := slices.AppendSeq([]string{b.manifest.WindowScript, b.manifest.ExtrasScript, b.manifest.PanelScript, b.manifest.PanelStyle, b.manifest.Playground, b.manifest.BotEditor, b.manifest.BotStyle}, maps.Values(b.manifest.PanelParts))
	for _, name := range names {
		f, err := readFile(from, path.Join("dist", "assets", name))
		if err != nil {
			return nil, fmt.Errorf("read %s of the site chat: %w", name, err)
		}
		f.Immutable = true
		b.assets[name] = f
	}
	return b, nil
}

// readFile reads a file and what the build made small of it.
func readFile(from fs.FS, name string) (File, error) {
	data, err := fs.ReadFile(from, name)
	if err != nil {
		return File{}, err
	}
	sum := sha256.Sum256(data)
	f := File{Data: data, Type: scriptType, Tag: `"` + hex.EncodeToString(sum[:8]) + `"`}
	if path.Ext(name) == ".css" {
		f.Type = "text/css; charset=utf-8"
	}
	for ext, to := range map[string]*[]byte{".br": &f.Brotli, ".gz": &f.Gzip} {
		small, err := fs.ReadFile(from, name+ext)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return File{}, err
		}
		*to = small
	}
	return f, nil
}

const scriptType = "text/javascript; charset=utf-8"

// Loader is the script that a site embeds, to be served as /js/button.js with a short life.
func (b *Build) Loader() File { return b.loader }

// PanelScript is the name of the panel's script among the assets.
func (b *Build) PanelScript() string { return b.manifest.PanelScript }

// PanelStyle is the name of the panel's style sheet among the assets.
func (b *Build) PanelStyle() string { return b.manifest.PanelStyle }

// PanelWords is the name of the words of one language among the assets; empty for a language that the panel does not speak.
func (b *Build) PanelWords(lang string) string { return b.manifest.PanelParts["words."+lang] }

// WindowScript is the name of the loader's second part among the assets. It is imported by a module of another origin, so it is
// to be served with Access-Control-Allow-Origin: *.
func (b *Build) WindowScript() string { return b.manifest.WindowScript }

// ExtrasScript is that of its other part: what a plain launcher does not need.
func (b *Build) ExtrasScript() string { return b.manifest.ExtrasScript }

// PlaygroundScript is the name of the playground's script among the assets.
func (b *Build) PlaygroundScript() string { return b.manifest.Playground }

// BotEditor are the names of the bot editor's script and style sheet among the assets.
func (b *Build) BotEditor() (script, style string) { return b.manifest.BotEditor, b.manifest.BotStyle }

// Asset returns a file of /assets/; false means that there is no such file.
//
// Pages stay open over an upgrade of the server, and their loader then asks for the window of its own build: any hash of that
// one name gets today's window, which is not immutable then, so that nobody keeps it under the wrong name. The same goes for
// the extras and for the words of a language. Other parts of an earlier panel are gone, and that panel begins anew when it misses one.
func (b *Build) Asset(name string) (File, bool) {
	if f, ok := b.assets[name]; ok {
		return f, true
	}
	today := ""
	switch script := strings.HasSuffix(name, ".js"); {
	case script && strings.HasPrefix(name, "window."):
		today = b.manifest.WindowScript
	case script && strings.HasPrefix(name, "extras."):
		today = b.manifest.ExtrasScript
	case strings.HasPrefix(name, "words."):
		today = b.manifest.PanelParts[name[:min(len(name), len("words.xx"))]]
	}
	f, ok := b.assets[today]
	f.Immutable = false
	return f, ok
}
