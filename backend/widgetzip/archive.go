package widgetzip

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of what is unpacked: far above any real widget, so that a small
// archive cannot take the memory of the machine.
const (
	maxEntries    = 2000
	maxEntryBytes = 8 << 20
	maxTotalBytes = 64 << 20
	usualBytes    = 8 << 20 // packages of 2 to 4 MB are about; more is worth a look (Z12)
)

var (
	textFile  = regexp.MustCompile(`\.(js|css|json|md|twig|html?|svg|txt)$`)
	plainName = regexp.MustCompile(`^[A-Za-z0-9_./-]+$`)
	junk      = regexp.MustCompile(`(?i)(^|/)(__MACOSX/|\.|Thumbs\.db$|node_modules/|README|LICEN[CS]E|package[^/]*\.json$)|\.(map|php|ts|vue|zip|rar|7z|t?gz|tar)$`)
	driveName = regexp.MustCompile(`^[A-Za-z]:`)
)

// open reads the archive into c.files; false when there is nothing to look at.
func (c *checker) open(raw []byte, name string) bool {
	if name != FileName {
		c.add("Z01", Refused, "", 0, "the file is called %q; the marketplace takes %s only", name, FileName)
	}
	if len(raw) > maxArchiveBytes {
		c.add("Z01", Refused, "", 0, "the archive is larger than %d MB and was not read", maxArchiveBytes>>20)
		return false
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		c.add("Z01", Refused, "", 0, "this is not a zip that can be read (%v); pack it again", err)
		return false
	}
	if len(z.File) > maxEntries {
		c.add("Z01", Refused, "", 0, "the archive has %d entries and was not read; a widget has some dozens, at most %d are read", len(z.File), maxEntries)
		return false
	}
	c.files = map[string][]byte{}
	lower := map[string]string{}
	total := 0
	for _, f := range z.File {
		if !c.nameAllowed(f, lower) || strings.HasSuffix(f.Name, "/") {
			continue
		}
		if f.Mode()&fs.ModeType != 0 {
			c.add("Z10", Refused, f.Name, 0, "the entry is a link or a device; pack the file itself")
			continue
		}
		if f.Flags&1 != 0 {
			c.add("Z01", Refused, f.Name, 0, "the entry is encrypted; pack it without a password")
			continue
		}
		content, err := readEntry(f, min(maxEntryBytes, maxTotalBytes-total))
		if err != nil {
			c.add("Z01", Refused, f.Name, 0, "the entry cannot be unpacked (%v); pack the archive again", err)
			continue
		}
		total += len(content)
		c.files[f.Name] = content
		if bytes.HasPrefix(content, []byte("PK\x03\x04")) {
			c.add("Z06", Moderation, f.Name, 0, "an archive inside the archive; leave it out")
		}
	}
	if total > usualBytes {
		c.add("Z12", Advice, "", 0, "the files have %.1f MB unpacked; take out what is not needed, or compress the pictures", float64(total)/(1<<20))
	}
	return true
}

// nameAllowed is Z10 and Z06: names that unpack elsewhere or over each other, and junk.
func (c *checker) nameAllowed(f *zip.File, lower map[string]string) bool {
	name := f.Name
	if name == "" || strings.HasPrefix(name, "/") || strings.ContainsAny(name, "\\\x00") || len(name) > 250 ||
		driveName.MatchString(name) || slices.ContainsFunc(strings.Split(strings.TrimSuffix(name, "/"), "/"), isStep) {
		c.add("Z10", Refused, name, 0, "the name is absolute, leaves the archive or holds a backslash; use plain relative names")
		return false
	}
	if other, twice := lower[strings.ToLower(name)]; twice {
		c.add("Z10", Refused, name, 0, "the name collides with %q; each name once, whatever the case", other)
		return false
	}
	lower[strings.ToLower(name)] = name
	if !plainName.MatchString(name) {
		c.add("Z10", Advice, name, 0, "the name has spaces or letters other than Latin; some servers will not find it")
	}
	if junk.MatchString(name) {
		c.add("Z06", Moderation, name, 0, "not a part of the widget; leave it out of the archive")
	}
	return true
}

// isStep: a part of a name that leads elsewhere, or nowhere.
func isStep(part string) bool { return part == ".." || part == "." || part == "" }

// checkPublished is Z11: the same bytes as an archive that is published already.
func (c *checker) checkPublished(raw []byte, published []string) {
	if len(published) == 0 {
		return
	}
	sum := sha256.Sum256(raw)
	if slices.Contains(published, hex.EncodeToString(sum[:])) {
		c.add("Z11", Moderation, "", 0, "the archive is the same as one that is published; change the sources and the version")
	}
}

type tooLargeError struct{}

func (tooLargeError) Error() string { return "too large" }

func readEntry(f *zip.File, limit int) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	// The size in the header may lie.
	content, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err == nil && len(content) > limit {
		err = tooLargeError{}
	}
	return content, err
}

// checkFiles is Z02, Z03 and Z08.
func (c *checker) checkFiles() {
	if _, ok := c.files["manifest.json"]; !ok {
		top := ""
		for name := range c.files {
			if base := path.Base(name); base == "manifest.json" && strings.Count(name, "/") == 1 {
				top = path.Dir(name)
			}
		}
		if top != "" {
			c.add("Z02", Refused, "", 0, "manifest.json lies in the extra top folder %q; pack the folder's content, not the folder", top)
		} else {
			c.add("Z02", Refused, "", 0, "manifest.json is missing at the root of the archive")
		}
	}
	if _, ok := c.files["script.js"]; !ok && c.needsScript() {
		c.add("Z03", Refused, "", 0, "script.js is missing at the root of the archive")
	}
	for _, name := range c.names() {
		if !textFile.MatchString(name) {
			continue
		}
		if c.platform == Kommo {
			continue
		}
		raw := c.files[name]
		switch {
		case bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")):
			c.add("Z08", Moderation, name, 1, "the file begins with a byte order mark; save it as UTF-8 without BOM")
		case !utf8.Valid(raw):
			c.add("Z08", Moderation, name, 0, "the file is not UTF-8; save it as UTF-8")
		}
		if at := bytes.IndexByte(raw, '\r'); at >= 0 {
			c.add("Z08", Moderation, name, lineAt(raw, at), "the line ends with CR; use LF line ends")
		}
	}
}

// needsScript: Kommo takes a package without a script when no location runs one.
func (c *checker) needsScript() bool {
	if c.platform != Kommo {
		return true
	}
	m, err := readJSON(c.files[manifestName])
	if err != nil {
		return true
	}
	for _, l := range texts(m, "locations") {
		if !slices.Contains([]string{"mobile_card", "ai_agent", "website_chat_button"}, l) {
			return true
		}
	}
	return false
}

// names are the entries in a stable order.
func (c *checker) names() []string {
	names := make([]string, 0, len(c.files))
	for name := range c.files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func lineAt(raw []byte, at int) int { return 1 + bytes.Count(raw[:at], []byte("\n")) }

// lineOf is the line of the first place where the text stands, 0 when nowhere.
func lineOf(raw []byte, text string) int {
	if at := bytes.Index(raw, []byte(text)); text != "" && at >= 0 {
		return lineAt(raw, at)
	}
	return 0
}
