package greeting

import (
	"context"
	"encoding/json"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
)

const (
	// askTime is how long a server has to take a request (O §4.3), AskWait how long a bot
	// waits for its answer.
	askTime = 2 * time.Second
	AskWait = 10 * time.Minute
	// askLease is how long a claimed request is its sender's; askAtOnce are sent at a time,
	// askOfOne of them of one account: whoever lets theirs hang delays nobody else's.
	askLease  = 30 * time.Second
	askAtOnce = 8
	askOfOne  = 2
	// askSoon and askPoll are the pauses between two looks at what is due, while somebody
	// may wait for it and else: another instance may have stored it.
	askSoon = 100 * time.Millisecond
	askPoll = 5 * time.Second
)

// Asked is a request of a bot that is due: to be sent, or, without Ask, to be given up.
type Asked struct {
	ID           string
	Account      chatid.AccountID
	Conversation chatid.ConversationID
	Ask          json.RawMessage
}

// Asks keeps the requests of bots.
type Asks interface {
	// ClaimAsks gives up to n that are due, up to ofOne of each account and none of those
	// to skip; each is the caller's until until.
	ClaimAsks(ctx context.Context, now, until time.Time, n, ofOne int, skip []chatid.AccountID) ([]Asked, error)
	// AskSent notes that a server took a request: it is due again at until.
	AskSent(ctx context.Context, a Asked, until time.Time) error
}

// Poster posts JSON to an address that somebody outside chose. again tells whether
// another try may help.
type Poster interface {
	PostJSON(ctx context.Context, address string, body []byte) (again bool, err error)
}

// Waiting names a request whose answer is waited for: whoever shows it may answer.
type Waiting struct {
	Account      chatid.AccountID      `json:"a"`
	Conversation chatid.ConversationID `json:"n"`
	Ask          string                `json:"i"`
}

// Resuming is the conversation service, as far as bots that wait need it.
type Resuming interface {
	ByID(ctx context.Context, a chatid.AccountID, id chatid.ConversationID) (conversation.Conversation, error)
	CardsOf(ctx context.Context, a chatid.AccountID, id chatid.ConversationID) (conversation.Cards, error)
	ResumeBot(ctx context.Context, b conversation.NewBotTurn) error
}

// Answer goes on with a bot that waits. fault.Invalid for what is no answer;
// fault.NotFound where nobody waits for it any more: each request is answered once.
func (s *Service) Answer(ctx context.Context, w Waiting, a AskAnswer) error {
	if err := a.Check(); err != nil {
		return fault.Wrap(fault.Invalid, "invalid_request", err)
	}
	return s.resume(ctx, w, a)
}

func (s *Service) resume(ctx context.Context, w Waiting, a AskAnswer) error {
	c, err := s.Conversations.ByID(ctx, w.Account, w.Conversation)
	if err != nil {
		return err
	}
	who := conversation.Who{Account: c.Account, Chat: c.Chat, Visitor: c.Visitor, Conversation: c.ID}
	bot, set, err := s.bot(ctx, who)
	if err != nil {
		return err
	}
	turn := conversation.NewBotTurn{
		Account: c.Account, Chat: c.Chat, Visitor: c.Visitor, Conversation: c.ID, Ask: w.Ask, Bot: &conversation.Bot{Name: set.Name},
		Next: func(state json.RawMessage, _ string) conversation.BotTurn {
			return conversation.BotTurn{State: state, Over: true}
		},
	}
	if bot != nil {
		cards, err := s.Conversations.CardsOf(ctx, c.Account, c.ID)
		if err != nil {
			return err
		}
		m, err := s.Metas(ctx, c.Account, c.Visitor)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		facts := s.facts(ctx, set, who, About{Name: cards.VisitorName, Meta: m.Meta})
		_, turn.Source = s.Source(ctx, c.Chat)
		turn.Next = func(raw json.RawMessage, said string) conversation.BotTurn {
			var state State
			if json.Unmarshal(raw, &state) != nil {
				return conversation.BotTurn{State: raw, Over: true}
			}
			t := bot.Resume(state, a, said, facts)
			s.log(who, t.Log)
			return s.stored(t)
		}
	}
	return s.Conversations.ResumeBot(ctx, turn)
}

// wake tells that a request may be due soon. It never waits.
func (s *Service) wake() {
	select {
	case s.asked <- struct{}{}:
	default:
	}
}

// Run sends the requests of bots, and goes on without an answer where there is none,
// until ctx ends.
func (s *Service) Run(ctx context.Context) {
	air := map[chatid.AccountID]int{} // under way
	ended := make(chan chatid.AccountID, askAtOnce)
	room := askAtOnce
	land := func(a chatid.AccountID) {
		room++
		if air[a]--; air[a] == 0 {
			delete(air, a)
		}
	}
	defer func() {
		for room < askAtOnce {
			land(<-ended)
		}
	}()
	poll := time.NewTimer(0)
	defer poll.Stop()
	for soon := 0; ; {
		select {
		case <-ctx.Done():
			return
		case a := <-ended:
			land(a)
			if soon == 0 { // it may have kept others waiting
				soon = 1
				poll.Reset(askSoon)
			}
			continue
		case <-s.asked:
			soon = 10 // it is stored when the visitor's message is
			poll.Reset(askSoon)
			continue
		case <-poll.C:
		}
		for _, a := range s.claim(ctx, room, air) {
			room--
			air[a.Account]++
			go func() {
				defer func() { ended <- a.Account }()
				s.send(ctx, a)
			}()
		}
		wait := askPoll
		if soon = max(soon-1, 0); soon > 0 {
			wait = askSoon
		}
		poll.Reset(wait)
	}
}

// claim takes what is due, as far as there is room.
func (s *Service) claim(ctx context.Context, room int, air map[chatid.AccountID]int) []Asked {
	if room == 0 {
		return nil
	}
	var full []chatid.AccountID
	for a, n := range air {
		if n >= askOfOne {
			full = append(full, a)
		}
	}
	now := s.Now()
	list, err := s.Asks.ClaimAsks(ctx, now, now.Add(askLease), room, askOfOne, full)
	if err != nil && ctx.Err() == nil {
		s.Logger.Error("claim requests of bots", "error", err)
	}
	return list
}

// send posts one request. One that no server takes, or that nobody answered in time, is
// answered with nothing.
func (s *Service) send(ctx context.Context, a Asked) {
	w := Waiting{a.Account, a.Conversation, a.ID}
	log := s.Logger.With("account_id", string(a.Account), "conversation_id", string(a.Conversation))
	if len(a.Ask) > 0 {
		err := s.post(ctx, w, a.Ask)
		if ctx.Err() != nil {
			return // we stop: its lease ends by itself
		}
		if err == nil {
			if err = s.Asks.AskSent(ctx, a, s.Now().Add(AskWait)); err != nil {
				log.Error("note a request of a bot", "error", err)
			}
			return
		}
		log.Warn("request of a greeting bot", "error", err)
	}
	if err := s.resume(context.WithoutCancel(ctx), w, AskAnswer{}); err != nil && !fault.Is(err, fault.NotFound) {
		log.Error("go on with a bot", "error", err)
	}
}

func (s *Service) post(ctx context.Context, w Waiting, raw json.RawMessage) error {
	var ask Ask
	if err := json.Unmarshal(raw, &ask); err != nil {
		return err
	}
	address, err := s.ReturnURL(w)
	if err != nil {
		return err
	}
	body, err := marshal(struct {
		Data   json.RawMessage `json:"data"`
		Return string          `json:"return_url"`
	}{ask.Data, address})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	_, err = s.Poster.PostJSON(ctx, ask.URL, body)
	return err
}
