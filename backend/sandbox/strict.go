package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The chats service is strictly typed (C §3). decodeStrict reads a JSON object
// into a struct whose fields are the schema: names and types are exact, null is
// refused, a key may stand once, and a field tagged need:"true" must be there
// (a string among them not empty); one tagged null:"true" may be null. Unknown
// keys are refused.
func decodeStrict(data []byte, dst any) error {
	tree, err := readTree(data)
	if err != nil {
		return err
	}
	return fill(reflect.ValueOf(dst).Elem(), tree, "", false)
}

func readTree(data []byte) (any, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("body is not UTF-8")
	}
	if !json.Valid(data) {
		return nil, errors.New("body is not JSON")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	tree, err := parseTree(dec, 0, "")
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("body holds more than one JSON value")
	}
	return tree, nil
}

// dropNulls takes away keys whose value is null, for the variant that
// tolerates them.
func dropNulls(tree any) {
	switch v := tree.(type) {
	case map[string]any:
		for key, one := range v {
			if one == nil {
				delete(v, key)
				continue
			}
			dropNulls(one)
		}
	case []any:
		for _, one := range v {
			dropNulls(one)
		}
	}
}

// parseTree reads one value, refusing duplicate keys, which encoding/json
// would silently merge.
func parseTree(dec *json.Decoder, depth int, path string) (any, error) {
	if depth > 32 {
		return nil, errors.New("body is nested too deeply")
	}
	tok, err := dec.Token()
	if err != nil {
		return nil, fmt.Errorf("body is not JSON: %w", err)
	}
	switch tok {
	case json.Delim('{'):
		obj := map[string]any{}
		for dec.More() {
			k, err := dec.Token()
			if err != nil {
				return nil, fmt.Errorf("body is not JSON: %w", err)
			}
			key, _ := k.(string)
			at := join(path, key)
			if _, dup := obj[key]; dup {
				return nil, fmt.Errorf("key %s stands twice", at)
			}
			if obj[key], err = parseTree(dec, depth+1, at); err != nil {
				return nil, err
			}
		}
		_, err = dec.Token()
		return obj, err
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			v, err := parseTree(dec, depth+1, path+"[]")
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = dec.Token()
		return list, err
	}
	return tok, nil
}

var integer = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

func fill(v reflect.Value, node any, path string, ignoreUnknown bool) error {
	wrong := func(want string) error {
		return fmt.Errorf("%s must be %s, not %s", orBody(path), want, kindOf(node))
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return fill(v.Elem(), node, path, ignoreUnknown)
	case reflect.Interface:
		if node == nil {
			return wrong("a value")
		}
		v.Set(reflect.ValueOf(node))
	case reflect.String:
		s, ok := node.(string)
		if !ok {
			return wrong("a string")
		}
		v.SetString(s)
	case reflect.Bool:
		b, ok := node.(bool)
		if !ok {
			return wrong("a boolean")
		}
		v.SetBool(b)
	case reflect.Int64:
		n, ok := node.(json.Number)
		if !ok || !integer.MatchString(n.String()) {
			return wrong("an integer")
		}
		i, err := strconv.ParseInt(n.String(), 10, 64)
		if err != nil {
			return wrong("an integer of 64 bits")
		}
		v.SetInt(i)
	case reflect.Float64:
		n, ok := node.(json.Number)
		if !ok {
			return wrong("a number")
		}
		f, err := n.Float64()
		if err != nil || math.IsInf(f, 0) {
			return wrong("a number")
		}
		v.SetFloat(f)
	case reflect.Slice:
		list, ok := node.([]any)
		if !ok {
			return wrong("an array")
		}
		v.Set(reflect.MakeSlice(v.Type(), len(list), len(list)))
		for i, n := range list {
			if err := fill(v.Index(i), n, fmt.Sprintf("%s[%d]", path, i), ignoreUnknown); err != nil {
				return err
			}
		}
	case reflect.Struct:
		obj, ok := node.(map[string]any)
		if !ok {
			return wrong("an object")
		}
		return fillStruct(v, obj, path, ignoreUnknown)
	default:
		return fmt.Errorf("%s: schema of kind %s", path, v.Kind()) // a bug of ours
	}
	return nil
}

func fillStruct(v reflect.Value, obj map[string]any, path string, ignoreUnknown bool) error {
	known := map[string]bool{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		known[name] = true
		need := f.Tag.Get("need") == "true"
		node, there := obj[name]
		if !there {
			if need {
				return fmt.Errorf("%s is required", join(path, name))
			}
			continue
		}
		if node == nil && f.Tag.Get("null") == "true" {
			if f.Type.Kind() == reflect.Pointer { // absent is nil, null is a pointer to zero
				v.Field(i).Set(reflect.New(f.Type.Elem()))
			}
			continue
		}
		if err := fill(v.Field(i), node, join(path, name), ignoreUnknown); err != nil {
			return err
		}
		if need && node == "" {
			return fmt.Errorf("%s must not be empty", join(path, name))
		}
	}
	if !ignoreUnknown {
		for key := range obj {
			if !known[key] {
				return fmt.Errorf("field %q is not known", join(path, key))
			}
		}
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func orBody(path string) string {
	if path == "" {
		return "body"
	}
	return path
}

func kindOf(node any) string {
	switch node.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	case json.Number:
		return "this number"
	case []any:
		return "an array"
	}
	return "an object"
}
