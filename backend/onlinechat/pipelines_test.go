package onlinechat

import (
	"context"
	"errors"
	"strings"
	"testing"

	"leadline/backend/chatid"
	"leadline/backend/fault"
)

// shelf is a store with chats, and a CRM with sources and pipelines.
type shelf struct {
	Store
	Sources
	chats     []Chat
	sources   []Source
	pipelines []Pipeline
	keeps     bool
	away      error // of the CRM
	made      Chat
}

func (s *shelf) Chats(context.Context, chatid.AccountID) ([]Chat, error) { return s.chats, nil }
func (s *shelf) Buttons(context.Context, chatid.AccountID) ([]Button, error) {
	return []Button{{Key: "1001", Chat: "a"}, {Key: "1002", Chat: "b"}, {Key: "1003", Chat: "b"}}, nil
}
func (s *shelf) EnsureIn(_ context.Context, c Chat, _ Button, _ chatid.PipelineID) (Chat, bool, error) {
	s.made = c
	return c, true, nil
}
func (s *shelf) SetChat(context.Context, Chat) error                   { return nil }
func (s *shelf) Keeps(context.Context, chatid.AccountID) (bool, error) { return s.keeps, nil }
func (s *shelf) List(context.Context, chatid.AccountID) ([]Source, error) {
	if s.away != nil {
		return nil, s.away
	}
	return s.sources, nil
}
func (s *shelf) Pipelines(context.Context, chatid.AccountID) ([]Pipeline, error) {
	if s.away != nil {
		return nil, s.away
	}
	return s.pipelines, nil
}
func (s *shelf) Ensure(_ context.Context, _ chatid.AccountID, src Source) (Source, error) {
	src.ID = 9009
	return src, nil
}

func (s *shelf) service() *Service {
	made := service(&kept{})
	made.store, made.Sources = s, s
	return made
}

func newShelf() *shelf {
	return &shelf{
		keeps: true,
		chats: []Chat{
			{ID: "a", Name: "A", SourceExternalID: "ll-a", SourceID: 9001},
			{ID: "b", Name: "B", SourceExternalID: "ll-b", SourceID: 9002, Pipeline: 1400},
			{ID: "c", Name: "C", SourceExternalID: "ll-c"},
		},
		sources: []Source{
			{ID: 9001, ExternalID: "ll-a", Pipeline: 1300}, {ID: 9002, ExternalID: "ll-b", Pipeline: 1500, Default: true},
			{ID: 9000, ExternalID: "widgetcode", Pipeline: 1300},
		},
		pipelines: []Pipeline{{ID: 1400, Name: "Repairs"}, {ID: 1300, Name: "Main", Main: true}, {ID: 1500, Name: "Moved"}},
	}
}

// TestPlaces: which chat a clicked source opens (W §7.1-7.3).
func TestPlaces(t *testing.T) {
	t.Parallel()
	away := errors.New("away")
	for _, c := range []struct {
		sourceID, externalID string
		away                 error
		want                 chatid.ChatID // "" for none
	}{
		{"9001", "ll-a", nil, "a"},
		{"", "ll-b", nil, "b"},
		{"9002", "", nil, "b"},
		{"9001", "ll-b", nil, "b"}, // ours decides
		{"9001", "ll-x", nil, "a"},
		{"", "widgetcode", nil, "b"}, // the default
		{"9000", "", nil, "b"},
		{"", "widgetcode", away, "a"}, // nobody says which is the default
		{"9000", "", away, ""},
		{"9002", "", away, "b"},
		{"", "", nil, ""},
		{"0", "", nil, ""},
		{"9003", "ll-x", nil, ""},
		{"09001", "", nil, ""},
	} {
		s := newShelf()
		s.away = c.away
		list, found, err := s.service().Places(t.Context(), "account-1", c.sourceID, c.externalID, "widgetcode")
		got := chatid.ChatID("")
		if found >= 0 {
			got = list[found].ID
		}
		if err != nil || got != c.want || len(list) != 3 {
			t.Errorf("source %q, external id %q, CRM %v: %q of %d, %v, want %q", c.sourceID, c.externalID, c.away, got, len(list), err, c.want)
		}
	}
	// Without the code of the widget no click without ids is the default one's.
	if _, found, err := newShelf().service().Places(t.Context(), "account-1", "", "", ""); err != nil || found != -1 {
		t.Errorf("without anything: %d, %v", found, err)
	}
	// A chat without a source of its own sends through the default one (C §7.1).
	list, _, err := newShelf().service().Places(t.Context(), "account-1", "", "", "")
	if err != nil || list[0].PipelineName != "Main" || list[1].PipelineName != "Moved" || !list[1].Default || list[1].Button.Key != "1002" ||
		list[2].PipelineName != "Moved" || list[2].Button.Key != "" {
		t.Errorf("places %+v, %v", list, err)
	}
}

// TestEnsureInNames: the name is the pipeline's, within what a name may be; a
// pipeline that the CRM has not is refused before anything is made.
func TestEnsureInNames(t *testing.T) {
	t.Parallel()
	name := func(p string) string { return "Chat: " + p }
	s := newShelf()
	s.pipelines = append(s.pipelines, Pipeline{ID: 1600, Name: strings.Repeat("я", 300)})
	c, made, err := s.service().EnsureIn(t.Context(), "account-1", 1600, "en", name)
	if err != nil || !made || len([]rune(c.Name)) != MaxName || c.SourceID != 9009 || c.Pipeline != 1600 || s.made.Account != "account-1" {
		t.Errorf("made %+v (%v), %v", c, made, err)
	}
	s = newShelf()
	if _, _, err := s.service().EnsureIn(t.Context(), "account-1", 1700, "en", name); fault.CodeOf(err) != "no_such_pipeline" || s.made.ID != "" {
		t.Errorf("an unknown pipeline: %v, made %+v", err, s.made)
	}
	s.away = fault.New(fault.Unavailable, "crm_unavailable")
	if _, _, err := s.service().EnsureIn(t.Context(), "account-1", 1400, "en", name); fault.CodeOf(err) != "crm_unavailable" || s.made.ID != "" {
		t.Errorf("a CRM that is away: %v, made %+v", err, s.made)
	}
}
