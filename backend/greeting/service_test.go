package greeting_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/greeting"
)

// oneBot is a store of one chat's bot.
type oneBot struct{ set *greeting.Settings }

func (o *oneBot) Greeting(context.Context, chatid.AccountID, chatid.ChatID) (greeting.Settings, error) {
	if o.set == nil {
		return greeting.Settings{}, fault.New(fault.NotFound, "not_found")
	}
	return *o.set, nil
}

func (o *oneBot) SetGreeting(_ context.Context, s greeting.Settings) error {
	o.set = &s
	return nil
}

func service(o *oneBot, begun bool, meta conversation.Meta) *greeting.Service {
	return greeting.NewService(greeting.Deps{
		Store: o,
		Metas: func(context.Context, chatid.AccountID, chatid.VisitorID) (conversation.VisitorMeta, error) {
			return conversation.VisitorMeta{Meta: meta}, nil
		},
		Begun:  func(context.Context, conversation.Who) (bool, error) { return begun, nil },
		Cards:  func(context.Context, conversation.Who) (int64, chatid.ContactID) { return 501, 0 },
		Zone:   func(context.Context, chatid.ChatID) *time.Location { return time.UTC },
		Random: func(int) int { return 0 }, Now: func() time.Time { return time.Unix(1_800_000_000, 0) }, Logger: slog.New(slog.DiscardHandler),
	})
}

func TestSetBot(t *testing.T) {
	t.Parallel()
	const unsound = `[{"question":[{"handler":"goto","params":{"type":"question","step":4}}]}]`
	for _, tt := range []struct {
		name, bot string
		on        bool
		speaker   string
		code      string
		problems  int
	}{
		{"a sound one", ` [{"question":[{"handler":"show","params":{"type":"text","value":"Hi"}}]}] `, true, "Lia", "", 0},
		{"a draft with a mistake", unsound, false, "", "", 1},
		{"switched on with a mistake", unsound, true, "", "bot_unsound", 1},
		{"switched on with a warning", `[{"question":[{"handler":"dance"}]}]`, true, "", "", 1},
		{"no JSON", `{`, false, "", "bot_not_json", 0},
		{"switched on without one", ``, true, "", "bot_not_json", 0},
		{"taken away", ``, false, "", "", 0},
		{"a name of two lines", `[{"question":[]}]`, true, "a\nb", "invalid_request", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := &oneBot{}
			in := greeting.Settings{Account: "a", Chat: "c", On: tt.on, Name: tt.speaker}
			if tt.bot != "" {
				in.Bot = json.RawMessage(tt.bot)
			}
			problems, err := service(o, false, conversation.Meta{}).SetBot(t.Context(), in)
			code := ""
			if e, ok := errors.AsType[*fault.Error](err); ok {
				code = e.Code
			}
			if code != tt.code || len(problems) != tt.problems || (o.set != nil) != (tt.code == "") {
				t.Fatalf("SetBot = %v, %v; stored %v", problems, err, o.set != nil)
			}
			if o.set != nil && string(o.set.Bot) != tt.bot { // byte by byte
				t.Errorf("stored %q", o.set.Bot)
			}
		})
	}
}

func TestWhoIsGreeted(t *testing.T) {
	t.Parallel()
	who := conversation.Who{Account: "a", Chat: "c", Visitor: "v"}
	bot := json.RawMessage(`[{"question":[{"handler":"show","params":{"type":"text","value":"Hi {{name}}, {{bot_params.x}} {{lead.id}}"}}],"answer":[{"handler":"show","params":{"type":"text","value":"{{bot_params.x}}"}}]}]`)
	set := &greeting.Settings{Account: "a", Chat: "c", Bot: bot, On: true}
	told := conversation.Meta{Contact: conversation.MetaCard{Name: "Anna"}, BotParams: map[string]json.RawMessage{"x": json.RawMessage(`"new"`)}}
	stored := conversation.Meta{BotParams: map[string]json.RawMessage{"x": json.RawMessage(`"kept"`)}}

	shown, list, err := service(&oneBot{set}, false, stored).Greet(t.Context(), who, greeting.About{Name: "Somebody", Meta: told})
	if err != nil || len(list) != 1 || list[0].Text != "Hi Anna, new 501" || !list[0].ByBot() || !chatid.Valid(string(list[0].ID)) {
		t.Fatalf("greeted with %+v, %v", list, err)
	}
	for name, s := range map[string]*greeting.Service{
		"the conversation has begun": service(&oneBot{set}, true, stored),
		"switched off":               service(&oneBot{&greeting.Settings{Bot: bot}}, false, stored),
		"no bot":                     service(&oneBot{}, false, stored),
	} {
		if got, list, err := s.Greet(t.Context(), who, greeting.About{}); err != nil || len(list) != 0 || got.At != 0 {
			t.Errorf("%s: greeted with %+v, %v", name, list, err)
		}
	}

	s := service(&oneBot{set}, false, stored)
	b, err := s.Seen(t.Context(), who, greeting.About{}, &shown)
	if err != nil || b == nil || b.Greeted == nil || b.Greeted.IDs[0] != list[0].ID || b.Greeted.Turn.Says[0].Text != list[0].Text {
		t.Fatalf("what was seen is %+v, %v", b, err)
	}
	if turn := b.Next(b.Greeted.Turn.State, "hello"); len(turn.Says) != 1 || turn.Says[0].Text != "kept" || !turn.Over {
		t.Errorf("the reply leads to %+v", turn)
	}
	if turn := b.Next(json.RawMessage(`[`), "hello"); !turn.Over || len(turn.Says) != 0 {
		t.Errorf("a state that cannot be read leads to %+v", turn)
	}
	for name, other := range map[string]conversation.Who{
		"another visitor":      {Account: "a", Chat: "c", Visitor: "w"},
		"another conversation": {Account: "a", Chat: "c", Visitor: "v", Conversation: "n"},
		"another chat":         {Account: "a", Chat: "d", Visitor: "v"},
		"another account":      {Account: "b", Chat: "c", Visitor: "v"},
	} {
		if b, err := s.Seen(t.Context(), other, greeting.About{}, &shown); err != nil || b.Greeted != nil {
			t.Errorf("%s takes the greeting: %+v, %v", name, b, err)
		}
	}
	// All tabs show the same; other conversations show others.
	again, twin, _ := s.Greet(t.Context(), who, greeting.About{})
	who.Conversation = "n"
	_, other, _ := s.Greet(t.Context(), who, greeting.About{})
	if twin[0].ID != list[0].ID || other[0].ID == list[0].ID || again.Conversation != "" {
		t.Errorf("ids %s, %s, %s", list[0].ID, twin[0].ID, other[0].ID)
	}
}

// TestUnreadableBot: a bot that this build cannot read (an older one took it) keeps no
// message back.
func TestUnreadableBot(t *testing.T) {
	t.Parallel()
	s := service(&oneBot{&greeting.Settings{On: true, Bot: json.RawMessage(`{"0": 5}`)}}, false, conversation.Meta{})
	if bot, err := s.Seen(t.Context(), conversation.Who{}, greeting.About{}, nil); err != nil || bot != nil {
		t.Errorf("the bot for a message: %v, %v, want none", bot, err)
	}
	if shown, list, err := s.Greet(t.Context(), conversation.Who{}, greeting.About{}); err != nil || len(list) > 0 || shown.At != 0 {
		t.Errorf("a greeting: %v %v %v, want none", shown, list, err)
	}
}
