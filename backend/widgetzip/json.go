package widgetzip

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Bounds of a JSON file.
const (
	maxJSONBytes = 1 << 20
	maxDepth     = 64 // of nesting
)

// jsonError is a file that a strict reader refuses.
type jsonError struct {
	line int
	text string
}

func (e *jsonError) Error() string { return e.text }

// readJSON reads one strict JSON object: no comments, no trailing commas, no key
// twice, nothing after it (M01, L01).
func readJSON(raw []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	fail := func(err error) error {
		at := int(min(d.InputOffset(), int64(len(raw))))
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			at = int(min(syntax.Offset, int64(len(raw))))
		}
		return &jsonError{line: lineAt(raw, at), text: err.Error()}
	}
	// The decoder's tokens are laxer than JSON in places, so the whole is tried first.
	var probe any
	if err := json.Unmarshal(raw, &probe); err != nil {
		return nil, fail(err)
	}
	v, err := readValue(d, 0)
	if err != nil {
		return nil, fail(err)
	}
	o, ok := v.(map[string]any)
	if !ok {
		return nil, &jsonError{line: 1, text: "the file is not an object"}
	}
	return o, nil
}

func readValue(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	t, err := d.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		return readObject(d, depth)
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := readValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	return t, nil
}

func readObject(d *json.Decoder, depth int) (any, error) {
	o := map[string]any{}
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, ok := k.(string)
		if !ok {
			return nil, fmt.Errorf("a key is not a string")
		}
		if _, twice := o[key]; twice {
			return nil, fmt.Errorf("the key %q stands twice", key)
		}
		if o[key], err = readValue(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return o, err
}

// object, list and text read a member of a loose tree; the zero value stands
// for "absent or of another type".
func object(v any, key string) map[string]any {
	o, _ := v.(map[string]any)
	m, _ := o[key].(map[string]any)
	return m
}

func list(v any, key string) []any {
	o, _ := v.(map[string]any)
	l, _ := o[key].([]any)
	return l
}

func text(v any, key string) string {
	o, _ := v.(map[string]any)
	s, _ := o[key].(string)
	return s
}

// texts are the strings of a list; others are left out.
func texts(v any, key string) []string {
	var out []string
	for _, one := range list(v, key) {
		if s, ok := one.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
