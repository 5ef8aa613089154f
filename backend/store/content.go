package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
)

// writeContent gives "" for the many messages that are text alone.
func writeContent(c conversation.Content) (string, error) {
	if !c.Tells() {
		return "", nil
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("write content of message: %w", err)
	}
	return string(raw), nil
}

// Reactions are kept as an object from who reacted ("" is the visitor) to the emoji.

func readReactions(column string) ([]conversation.Reaction, error) {
	if column == "" {
		return nil, nil
	}
	var by map[chatid.UserRef]string
	if err := json.Unmarshal([]byte(column), &by); err != nil {
		return nil, fmt.Errorf("read reactions: %w", err)
	}
	list := make([]conversation.Reaction, 0, len(by))
	for who, emoji := range by {
		list = append(list, conversation.Reaction{Emoji: emoji, By: who})
	}
	slices.SortFunc(list, func(a, b conversation.Reaction) int { return cmp.Compare(a.By, b.By) })
	return list, nil
}

func writeReactions(list []conversation.Reaction) string {
	if len(list) == 0 {
		return ""
	}
	by := make(map[chatid.UserRef]string, len(list))
	for _, r := range list {
		by[r.By] = r.Emoji
	}
	raw, _ := json.Marshal(by) // strings to strings: cannot fail
	return string(raw)
}

// react gives the list with who's reaction replaced; changed is false when that
// was it already.
func react(list []conversation.Reaction, who chatid.UserRef, emoji string) (next []conversation.Reaction, changed bool) {
	next = slices.Clone(list)
	i := slices.IndexFunc(next, func(r conversation.Reaction) bool { return r.By == who })
	switch {
	case i < 0 && emoji == "", i >= 0 && next[i].Emoji == emoji:
		return list, false
	case i < 0:
		return append(next, conversation.Reaction{Emoji: emoji, By: who}), true
	case emoji == "":
		return slices.Delete(next, i, i+1), true
	}
	next[i].Emoji = emoji
	return next, true
}
