package store

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"leadline/backend/conversation"
	"leadline/backend/fault"
)

func TestMeta(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.Conversations()
		_, err := s.Meta(testContext, w.account, "v1")
		wantKind(t, err, fault.NotFound, "not_found")
		sale := int64(150)
		told := func(name string, after time.Duration) conversation.VisitorMeta {
			return conversation.VisitorMeta{Account: w.account, Chat: chat, Visitor: "v1", FirstAt: w.now.Add(after), ChangedAt: w.now.Add(after), Meta: conversation.Meta{
				Notes: []conversation.MetaNote{{Text: "NUL \x00 and я", ElementType: 2, NoteType: "common"}},
				Contact: conversation.MetaCard{Name: name, Fields: []conversation.MetaField{
					{Code: "PHONE", Values: []conversation.MetaValue{{Value: "+1", Enum: json.RawMessage(`"WORK"`)}}}}},
				Lead:      conversation.MetaCard{Sale: &sale, Fields: []conversation.MetaField{{ID: 7, Values: []conversation.MetaValue{{Value: "x", Subtype: "city"}}}}},
				BotParams: map[string]json.RawMessage{"plan": json.RawMessage(`{"id":1}`)},
			}}
		}
		save := func(m conversation.VisitorMeta) error {
			return s.SaveMeta(testContext, m, m.ChangedAt.Add(-conversation.MetaFor))
		}
		// META-2: as long as the visitor does not write nothing is sent, and no time runs.
		must(t, save(told("Before", -48*time.Hour)))
		if n := w.count(t, `SELECT count(*) FROM visitors`); n != 0 {
			t.Errorf("telling made %d visitors", n) // META-4
		}
		first, last := told("Anna", 0), told("Anna P.", 24*time.Hour)
		must(t, save(first))
		c := w.known(t, "v1")
		// For 24 hours after the first data, and no later.
		must(t, save(last))
		last.FirstAt = first.FirstAt
		w.lead(t, c, 7001)
		wantKind(t, save(told("Late", 24*time.Hour+time.Millisecond)), fault.Conflict, "meta_closed")
		got, err := s.Meta(testContext, w.account, "v1")
		must(t, err)
		equal(t, "the record", got, last)
		// Another account's visitor of the same id is somebody else.
		if _, err := s.Meta(testContext, "other", "v1"); !fault.Is(err, fault.NotFound) {
			t.Errorf("another account reads it: %v", err)
		}
		// The lead brought one piece of work; the same once more brings none (META-6).
		work := func() int { return w.count(t, `SELECT count(*) FROM card_jobs WHERE kind = 'meta'`) }
		equal(t, "work", work(), 1)
		must(t, save(told("Anna P.", 23*time.Hour)))
		equal(t, "work", work(), 1)
		for _, name := range []string{"A", "B", "C"} {
			must(t, save(told(name, 23*time.Hour)))
		}
		equal(t, "work", work(), 2)
		// Of tracking data the first ones stay.
		seen := told("C", 23*time.Hour)
		seen.Tracking.Landing = "https://a.example/"
		must(t, save(seen))
		seen.Tracking.Landing = "https://b.example/"
		must(t, save(seen))
		got, err = s.Meta(testContext, w.account, "v1")
		must(t, err)
		equal(t, "landing page", got.Tracking.Landing, "https://a.example/")
	})
}

func TestMetaOfTheLargestSize(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		big := map[string]json.RawMessage{"a": json.RawMessage(`"` + strings.Repeat("x", conversation.MaxMetaBytes-1000) + `"`)}
		must(t, w.Conversations().SaveMeta(testContext, conversation.VisitorMeta{Account: w.account, Chat: chat, Visitor: "v", Meta: conversation.Meta{BotParams: big}, FirstAt: w.now, ChangedAt: w.now}, w.now))
	})
}
