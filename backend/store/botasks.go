package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/greeting"
)

// SaveBotTurn implements conversation.Store.
func (s conversations) SaveBotTurn(ctx context.Context, in conversation.NewBotTurn) (conversation.Saved, error) {
	var saved conversation.Saved
	err := s.do(ctx, func(t *tx) (err error) {
		saved, err = t.saveBotTurn(in)
		return err
	})
	if err != nil {
		return conversation.Saved{}, fmt.Errorf("save turn of a bot: %w", translate(err))
	}
	return saved, nil
}

func (t *tx) saveBotTurn(b conversation.NewBotTurn) (conversation.Saved, error) {
	in := conversation.NewInbound{
		Message: conversation.Message{Account: b.Account}, Visitor: conversation.Visitor{ID: b.Visitor, Account: b.Account, Chat: b.Chat},
		Conversation: b.Conversation, Several: true, Source: b.Source, Bot: b.Bot, NewID: b.NewID, Holder: b.Holder,
	}
	l, err := t.visitorLane(in)
	if err != nil {
		return conversation.Saved{}, err
	}
	run, err := t.botRun(l)
	if err == nil && (run.ask != b.Ask || b.Ask == "" || l.over()) {
		err = fault.New(fault.NotFound, "not_found")
	}
	if err != nil {
		return conversation.Saved{}, err
	}
	var text string
	err = t.row(`SELECT text FROM messages WHERE conversation_id = ? AND direction = ? ORDER BY seq DESC LIMIT 1`, l.id, string(conversation.Inbound)).Scan(&text)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return conversation.Saved{}, err
	}
	spoke, err := t.operatorSpoke(l)
	if err != nil {
		return conversation.Saved{}, err
	}
	turn := conversation.BotTurn{State: run.state, Over: true}
	if !spoke {
		turn = b.Next(run.state, text)
	}
	if err = t.botTurn(l, in, turn); err != nil {
		return conversation.Saved{}, err
	}
	m := conversation.Message{Conversation: b.Conversation, Rev: l.seq}
	return conversation.Saved{Message: m, Visitor: chatid.VisitorID(l.visitor), Claim: l.claim, Job: l.first}, t.saveLane(l)
}

// botRun is a bot that is not over; ask is the request that it waits for.
type botRun struct {
	state json.RawMessage
	ask   string
}

func (t *tx) botRun(l *lane) (run botRun, err error) {
	var state string
	err = t.row(`SELECT state, ask_id FROM greeting_runs WHERE conversation_id = ? AND over = 0`, l.id).Scan(&state, &run.ask)
	run.state = json.RawMessage(state)
	return run, err
}

// botTurn stores what a turn of a running bot came to.
func (t *tx) botTurn(l *lane, in conversation.NewInbound, turn conversation.BotTurn) error {
	for _, say := range turn.Says {
		if err := t.botSays(l, in, in.Bot.Message(in.Message.Account, chatid.MessageID(in.NewID()), say)); err != nil {
			return err
		}
	}
	if err := t.botActs(l, in, turn); err != nil {
		return err
	}
	if turn.Close {
		if err := t.botEnds(l, in); err != nil {
			return err
		}
	}
	ask, id, due := askOf(in, turn)
	_, err := t.exec(`UPDATE greeting_runs SET state = ?, over = ?, changed_at = ?, ask_id = ?, ask = ?, ask_due_at = ? WHERE conversation_id = ?`,
		string(turn.State), flag(turn.Over), in.Now.UnixMilli(), id, ask, due, l.id)
	return err
}

// askOf is what is stored of a turn's request.
func askOf(in conversation.NewInbound, turn conversation.BotTurn) (ask, id string, due int64) {
	if turn.Ask == nil || turn.Over {
		return "", "", 0
	}
	return string(turn.Ask), in.NewID(), in.Now.UnixMilli()
}

// ClaimAsks implements greeting.Asks.
func (s greetings) ClaimAsks(ctx context.Context, now, until time.Time, n, ofOne int, skip []chatid.AccountID) (list []greeting.Asked, err error) {
	within, lock := "instr", ""
	if s.postgres {
		within, lock = "strpos", " FOR UPDATE SKIP LOCKED"
	}
	const due = `ask_due_at <> 0 AND ask_due_at <= ?`
	// Mostly there is none, which takes no transaction to see.
	var waiting int
	if err := s.reader(ctx).row(`SELECT count(*) FROM (SELECT 1 AS one FROM greeting_runs WHERE `+due+` LIMIT 1) d`, ms(now)).Scan(&waiting); err != nil || waiting == 0 {
		return nil, err
	}
	err = s.do(ctx, func(t *tx) error {
		list = nil
		rows, err := t.rows(`SELECT conversation_id, account_id, ask_id, ask FROM greeting_runs WHERE `+due+` AND conversation_id IN (
			SELECT conversation_id FROM (SELECT conversation_id, row_number() OVER (PARTITION BY account_id ORDER BY ask_due_at, conversation_id) AS place
				FROM greeting_runs WHERE `+due+` AND `+within+`(?, account_id) = 0) d WHERE d.place <= ?)
			ORDER BY ask_due_at, conversation_id LIMIT ?`+lock, ms(now), ms(now), fmt.Sprint(skip), ofOne, n)
		if err != nil {
			return err
		}
		defer rows.Close()
		list, err = collect(rows, func(r scanner) (a greeting.Asked, err error) {
			var ask string
			err = r.Scan(&a.Conversation, &a.Account, &a.ID, &ask)
			a.Ask = json.RawMessage(ask)
			return a, err
		})
		if err != nil {
			return err
		}
		for _, a := range list {
			if _, err = t.exec(`UPDATE greeting_runs SET ask_due_at = ? WHERE conversation_id = ?`, ms(until), string(a.Conversation)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claim requests of bots: %w", err)
	}
	return list, nil
}

// AskSent implements greeting.Asks.
func (s greetings) AskSent(ctx context.Context, a greeting.Asked, until time.Time) error {
	err := s.do(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE greeting_runs SET ask = '', ask_due_at = ? WHERE conversation_id = ? AND ask_id = ?`, ms(until), string(a.Conversation), a.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("note a request of a bot: %w", err)
	}
	return nil
}
