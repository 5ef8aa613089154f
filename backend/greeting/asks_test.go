package greeting_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/greeting"
)

// waitingRoom is a conversation whose bot asked once.
type waitingRoom struct {
	mu      sync.Mutex
	due     []greeting.Asked
	sent    []time.Time
	resumed []string // the states that turns came to, with what was said
	state   string
}

func (r *waitingRoom) ClaimAsks(context.Context, time.Time, time.Time, int, int, []chatid.AccountID) ([]greeting.Asked, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.due
	r.due = nil
	return list, nil
}

func (r *waitingRoom) AskSent(_ context.Context, _ greeting.Asked, until time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, until)
	return nil
}

func (*waitingRoom) ByID(_ context.Context, a chatid.AccountID, id chatid.ConversationID) (conversation.Conversation, error) {
	if id != "conversation" {
		return conversation.Conversation{}, fault.New(fault.NotFound, "not_found")
	}
	return conversation.Conversation{ID: id, Account: a, Chat: "chat", Visitor: "visitor"}, nil
}

func (*waitingRoom) CardsOf(context.Context, chatid.AccountID, chatid.ConversationID) (conversation.Cards, error) {
	return conversation.Cards{VisitorName: "Anna"}, nil
}

func (r *waitingRoom) ResumeBot(_ context.Context, b conversation.NewBotTurn) error {
	turn := b.Next(json.RawMessage(r.state), "hi")
	says := ""
	for _, s := range turn.Says {
		says += s.Text
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.resumed = append(r.resumed, b.Ask+": "+says)
	return nil
}

// server is where a bot's requests go.
type server func(ctx context.Context, address string, body []byte) error

func (s server) PostJSON(ctx context.Context, address string, body []byte) (bool, error) {
	return false, s(ctx, address, body)
}

// TestRequestsAreSent: a server has two seconds to take one (O §4.3), and ten minutes to
// answer it; else the bot goes on with nothing.
func TestRequestsAreSent(t *testing.T) {
	t.Parallel()
	const bot = `[{"question":[{"handler":"widget_request","params":{"url":"https://x.example/"}},{"handler":"show","params":{"type":"text","value":"{{contact.name}}, {{json.status}}"}}]}]`
	ask := json.RawMessage(`{"url":"https://x.example/","data":{"a":1}}`)
	for _, tt := range []struct {
		name    string
		due     greeting.Asked
		server  server
		after   time.Duration // when it is settled
		sent    bool
		resumed string
	}{
		{"taken", greeting.Asked{ID: "i", Account: "a", Conversation: "conversation", Ask: ask}, func(_ context.Context, address string, body []byte) error {
			if address != "https://x.example/" || string(body) != `{"data":{"a":1},"return_url":"https://chat.example/i"}` {
				return errors.New("asked " + address + " " + string(body))
			}
			return nil
		}, 0, true, ""},
		{"refused", greeting.Asked{ID: "i", Account: "a", Conversation: "conversation", Ask: ask}, func(context.Context, string, []byte) error { return errors.New("503") }, 0, false, "i: Anna,"},
		{"too slow", greeting.Asked{ID: "i", Account: "a", Conversation: "conversation", Ask: ask}, func(ctx context.Context, _ string, _ []byte) error {
			<-ctx.Done()
			return ctx.Err()
		}, 2 * time.Second, false, "i: Anna,"},
		{"not answered in time", greeting.Asked{ID: "i", Account: "a", Conversation: "conversation"}, nil, 0, false, "i: Anna,"},
		{"a conversation that is gone", greeting.Asked{ID: "i", Account: "a", Conversation: "gone"}, nil, 0, false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				room := &waitingRoom{due: []greeting.Asked{tt.due}}
				start := parse(t, bot).Run(greeting.State{}, "", greeting.Facts{})
				raw, err := json.Marshal(start.State)
				if err != nil {
					t.Fatal(err)
				}
				room.state = string(raw)
				s := greeting.NewService(greeting.Deps{
					Store: &oneBot{&greeting.Settings{Bot: json.RawMessage(bot), On: true}},
					Metas: func(context.Context, chatid.AccountID, chatid.VisitorID) (conversation.VisitorMeta, error) {
						return conversation.VisitorMeta{}, fault.New(fault.NotFound, "not_found")
					},
					Zone: func(context.Context, chatid.ChatID) *time.Location { return time.UTC }, Source: func(context.Context, chatid.ChatID) (int64, string) { return 0, "" },
					Now: time.Now, Logger: slog.New(slog.DiscardHandler), Asks: room, Conversations: room, Poster: tt.server,
					ReturnURL: func(w greeting.Waiting) (string, error) { return "https://chat.example/" + w.Ask, nil },
				})
				ctx, stop := context.WithCancel(t.Context())
				began, ended := time.Now(), make(chan struct{})
				go func() { s.Run(ctx); close(ended) }()
				time.Sleep(tt.after + time.Millisecond)
				synctest.Wait()
				room.mu.Lock()
				resumed := ""
				if len(room.resumed) == 1 {
					resumed = room.resumed[0]
				}
				if resumed != tt.resumed || len(room.resumed) > 1 || (len(room.sent) == 1) != tt.sent {
					t.Errorf("resumed %q, sent %v; want %q, %v", room.resumed, room.sent, tt.resumed, tt.sent)
				}
				if tt.sent && (len(room.sent) != 1 || room.sent[0].Sub(began) != 10*time.Minute) {
					t.Errorf("given up at %v", room.sent)
				}
				room.mu.Unlock()
				stop()
				<-ended
			})
		})
	}
}
