package widgetzip

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// contents unpacks an archive within the bounds of Check; names that would
// leave the archive are an error.
func contents(raw []byte) (map[string][]byte, error) {
	if len(raw) > maxArchiveBytes {
		return nil, fmt.Errorf("larger than %d MB", maxArchiveBytes>>20)
	}
	c := &checker{counts: map[string]int{}}
	if !c.open(raw, FileName) || len(c.findings) > 0 && c.findings[0].Severity == Refused {
		return nil, errors.New(c.findings[0].Message)
	}
	return c.files, nil
}

// versionOf is the version in the manifest of an archive.
func versionOf(raw []byte) (string, error) {
	files, err := contents(raw)
	if err != nil {
		return "", err
	}
	m, err := readJSON(files[manifestName])
	if err != nil {
		return "", fmt.Errorf("%s: %w", manifestName, err)
	}
	v := text(object(m, "widget"), "version")
	if !versionForm.MatchString(v) {
		return "", fmt.Errorf("%s: widget.version %q is not dotted digits", manifestName, v)
	}
	return v, nil
}

// nextVersion raises the last number of a version: 1.0.9 → 1.0.10.
func nextVersion(v string) string {
	at := strings.LastIndexByte(v, '.') + 1
	digits := []byte(v[at:])
	for i := len(digits) - 1; i >= 0; i-- {
		if digits[i] != '9' {
			digits[i]++
			return v[:at] + string(digits)
		}
		digits[i] = '0'
	}
	return v[:at] + "1" + string(digits)
}

// sameContent tells whether two archives hold the same, apart from versions: that
// of the manifest and those in addresses of modules.
func sameContent(a, b []byte) (bool, error) {
	left, err := withoutVersion(a)
	if err != nil {
		return false, err
	}
	right, err := withoutVersion(b)
	if err != nil || len(left) != len(right) {
		return false, err
	}
	for name, content := range left {
		other, ok := right[name]
		if !ok || !bytes.Equal(content, other) {
			return false, nil
		}
	}
	return true, nil
}

func withoutVersion(raw []byte) (map[string][]byte, error) {
	v, err := versionOf(raw)
	if err != nil {
		return nil, err
	}
	files, err := contents(raw)
	if err != nil {
		return nil, err
	}
	for name := range files {
		switch {
		case name == manifestName:
			files[name] = bytes.Replace(files[name], []byte(`"version": "`+v+`"`), []byte(`"version": ""`), 1)
		case strings.HasSuffix(name, ".js"):
			files[name] = bytes.ReplaceAll(files[name], []byte(".js?v="+v+"'"), []byte(".js'"))
		}
	}
	return files, nil
}
