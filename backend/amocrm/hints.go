package amocrm

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"leadline/backend/chatid"
)

// Hints are the things that a webhook of the CRM says have changed. Nobody signs
// it, so they say what to read again and nothing else.
type Hints struct {
	Talks []HintedTalk
	// Chats are those of incoming leads.
	Chats    []chatid.ChatRef
	Contacts []chatid.ContactID
	Leads    []LeadID
	// Accepted are leads that incoming ones became.
	Accepted []LeadID
}

// HintedTalk is a talk and the chat that it is said to belong to; Chat may be
// empty.
type HintedTalk struct {
	ID   chatid.TalkID
	Chat chatid.ChatRef
}

const (
	maxHintPairs = 4000 // of a form; a contact with many fields has hundreds
	maxHintDepth = 8
	maxHints     = 200 // of one kind in one webhook
)

// ErrHints is an error of ParseHints: the body is no form, or a longer one than
// any event makes.
var ErrHints = errors.New("amocrm: not a webhook of the CRM")

// ParseHints reads the body of a webhook: a form whose keys PHP wrote, such as
// talk[update][0][talk_id]=117 (C §7.6). What it does not know it passes over.
func ParseHints(body string) (Hints, error) {
	var h Hints
	talks := map[string]*HintedTalk{}
	var order []string
	for n := 0; body != ""; n++ {
		if n == maxHintPairs {
			return Hints{}, ErrHints
		}
		var pair string
		pair, body, _ = strings.Cut(body, "&")
		key, value, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(key)
		if err != nil {
			return Hints{}, ErrHints
		}
		value, err = url.QueryUnescape(value)
		if err != nil {
			return Hints{}, ErrHints
		}
		path := phpPath(key)
		if len(path) < 4 {
			continue // no field of a thing
		}
		entity, action, field := path[0], path[1], path[3]
		switch {
		case entity == "talk" && (action == "add" || action == "update") && len(path) == 4:
			which := action + path[2]
			if talks[which] == nil && len(order) < maxHints {
				talks[which] = &HintedTalk{}
				order = append(order, which)
			}
			if t := talks[which]; t != nil {
				t.set(field, value)
			}
		case entity == "unsorted" && len(path) == 6 && field == "source_data" && path[4] == "origin" && path[5] == "chat_id":
			if chatid.Valid(value) {
				h.Chats = hint(h.Chats, chatid.ChatRef(value))
			}
		case entity == "unsorted" && action == "delete" && len(path) >= 6 && strings.HasSuffix(field, "_result") && path[4] == "contacts":
			h.Contacts = hintID(h.Contacts, value)
		case entity == "unsorted" && action == "delete" && len(path) >= 6 && field == "accept_result" && path[4] == "leads":
			h.Accepted = hintID(h.Accepted, value)
		case entity == "contacts" && (action == "update" || action == "delete") && len(path) == 4 && field == "id":
			h.Contacts = hintID(h.Contacts, value)
		case entity == "leads" && action == "delete" && len(path) == 4 && field == "id":
			h.Leads = hintID(h.Leads, value)
		}
	}
	for _, which := range order {
		if t := talks[which]; t.ID != 0 {
			h.Talks = append(h.Talks, *t)
		}
	}
	return h, nil
}

func (t *HintedTalk) set(field, value string) {
	switch field {
	case "talk_id":
		t.ID = positive[chatid.TalkID](value)
	case "chat_id":
		if chatid.Valid(value) {
			t.Chat = chatid.ChatRef(value)
		}
	}
}

// phpPath takes a[b][0][c] apart; nil for what is written otherwise.
func phpPath(key string) []string {
	head, rest, _ := strings.Cut(key, "[")
	path := []string{head}
	for rest != "" {
		part, after, closed := strings.Cut(rest, "]")
		if !closed || len(path) == maxHintDepth || after != "" && after[0] != '[' {
			return nil
		}
		path = append(path, part)
		rest = strings.TrimPrefix(after, "[")
	}
	return path
}

func hint[T comparable](list []T, v T) []T {
	for _, have := range list {
		if have == v {
			return list
		}
	}
	if len(list) == maxHints {
		return list
	}
	return append(list, v)
}

func hintID[ID ~int64](list []ID, value string) []ID {
	if id := positive[ID](value); id != 0 {
		return hint(list, id)
	}
	return list
}

// positive reads an id; 0 for what is none.
func positive[ID ~int64](value string) ID {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return ID(n)
}
