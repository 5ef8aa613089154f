package amocrm

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Page sizes of API v4 (C §5.1).
const (
	MaxPage         = 250 // users, contacts, incoming leads, talks
	MaxTemplatePage = 50
)

// embedded holds the lists of an answer by their names. PHP writes an empty
// object as an empty list, so anything but an object is nothing.
type embedded map[string]json.RawMessage

func (e *embedded) UnmarshalJSON(b []byte) error {
	*e = nil
	if len(b) == 0 || b[0] != '{' {
		return nil
	}
	return json.Unmarshal(b, (*map[string]json.RawMessage)(e))
}

// wireLinks tells whether there is a next page.
type wireLinks struct {
	Next struct {
		Href string `json:"href"`
	} `json:"next"`
}

func (l *wireLinks) UnmarshalJSON(b []byte) error {
	*l = wireLinks{}
	type plain wireLinks
	if len(b) > 0 && b[0] == '{' && json.Unmarshal(b, (*plain)(l)) != nil {
		*l = wireLinks{} // no page is better than no answer
	}
	return nil
}

type wireEmbedded struct {
	Embedded embedded  `json:"_embedded"`
	Links    wireLinks `json:"_links"`
}

// list does r, whose answer holds a list called key; 204 is an empty one. more
// tells whether another page follows.
func list[T any](ctx context.Context, c *Client, at Address, access, key string, r request) (items []T, more bool, err error) {
	var w wireEmbedded
	r.answer = &w
	if _, err := c.api(ctx, at, access, r); err != nil {
		return nil, false, err
	}
	if items, err = listed[T](w.Embedded, key); err != nil {
		return nil, false, fmt.Errorf("amocrm: %s: decode answer: %w", r.op, err)
	}
	return items, w.Links.Next.Href != "", nil
}

// listed takes one list out of what is embedded; a missing one is empty.
func listed[T any](e embedded, key string) ([]T, error) {
	raw := e[key]
	if len(raw) == 0 || raw[0] != '[' {
		return nil, nil
	}
	var items []T
	err := json.Unmarshal(raw, &items)
	return items, err
}

// one does r, whose answer is one thing; 204 is an ErrNotFound.
func one[T any](ctx context.Context, c *Client, at Address, access string, r request) (T, error) {
	var w T
	r.answer = &w
	found, err := c.api(ctx, at, access, r)
	if err == nil && !found {
		err = fmt.Errorf("amocrm: %s: %w", r.op, ErrNotFound)
	}
	return w, err
}

// get is the request that reads path; with is the list of extras, "" for none.
func get(op, path, with string) request {
	r := request{op: op, method: http.MethodGet, path: path, query: url.Values{}}
	if with != "" {
		r.query.Set("with", with)
	}
	return r
}

// page makes r ask for page n (from 1) of size items.
func (r request) page(n, size int) request {
	r.query.Set("page", strconv.Itoa(max(n, 1)))
	r.query.Set("limit", strconv.Itoa(size))
	return r
}

// below joins a number to a path.
func below[ID ~int64](path string, id ID) string {
	return path + "/" + strconv.FormatInt(int64(id), 10)
}

// unix reads a time of the CRM; 0 and nonsense are the zero time.
func unix(s int64) time.Time {
	const most = 253402300799 // the end of year 9999
	if s <= 0 || s > most {
		return time.Time{}
	}
	return time.Unix(s, 0).UTC()
}

// wireID is a thing that is only named.
type wireID[ID ~int64] struct {
	ID ID `json:"id"`
}

// ids takes the ids of what is embedded under key.
func ids[ID ~int64](e embedded, key string) []ID {
	items, err := listed[wireID[ID]](e, key)
	if err != nil {
		return nil
	}
	var out []ID
	for _, i := range items {
		out = append(out, i.ID)
	}
	return out
}

// convert turns the items of an answer into ours.
func convert[W, T any](items []W, err error, f func(W) T) ([]T, error) {
	if err != nil {
		return nil, err
	}
	out := make([]T, 0, len(items))
	for _, w := range items {
		out = append(out, f(w))
	}
	return out, nil
}

// batch refuses a request of more items than the CRM takes.
func batch(op string, n, most int) error {
	if n == 0 || n > most {
		return fmt.Errorf("amocrm: %s: %d items in a request, 1 to %d are allowed", op, n, most)
	}
	return nil
}
