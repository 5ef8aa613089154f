package conversation

import (
	"testing"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// CON-5: one capital letter and a counter.
func TestNumberName(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "", -1: "", 1: "A1", 123: "A123", 999: "A999", 1000: "B1", 25*999 + 1: "Z1", 26 * 999: "Z999", 26*999 + 1: "AA1", 27*999 + 1: "AB1"} {
		if got := NumberName(n); got != want {
			t.Errorf("NumberName(%d) = %q, want %q", n, got, want)
		}
	}
}

// TestWritingToOneOfSeveral: the message goes where the browser says, and from one
// that knows of no several where the visitor was last.
func TestWritingToOneOfSeveral(t *testing.T) {
	t.Parallel()
	named := someone
	named.Conversation = "c7"
	for name, c := range map[string]struct {
		who  Who
		open []Conversation
		want chatid.ConversationID
	}{
		"named":                       {named, nil, "c7"},
		"not named":                   {someone, []Conversation{{ID: "c2"}, {ID: "c1"}}, "c2"},
		"not named, and none is open": {someone, nil, "id-1"},
	} {
		r := &record{open: c.open}
		_, err := newTestService(r).Write(t.Context(), c.who, Draft{ClientID: clientID, Text: "hello", Several: true})
		if err != nil || r.inbound[0].Conversation != c.want || !r.inbound[0].Several {
			t.Errorf("%s: %v, stored %+v", name, err, r.inbound)
		}
	}
}

// TestSomebodyElsesConversation: naming it opens nothing.
func TestSomebodyElsesConversation(t *testing.T) {
	t.Parallel()
	r := &record{open: []Conversation{{ID: "c1", Visitor: "another", Chat: someone.Chat}, {ID: "c2", Visitor: someone.Visitor, Chat: "elsewhere"}, {ID: "c3", Visitor: someone.Visitor, Chat: someone.Chat}}}
	for id, want := range map[chatid.ConversationID]bool{"c1": false, "c2": false, "c3": true, "c4": false} {
		who := someone
		who.Conversation = id
		c, err := newTestService(r).of(t.Context(), who)
		if got := err == nil && c.ID == id; got != want || !want && !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v, %v", id, c.ID, err)
		}
	}
}
