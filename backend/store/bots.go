package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
	"leadline/backend/fault"
	"leadline/backend/outbox"
)

// greetedFor is how far back a greeting is dated at most: a card of the CRM shows
// nothing from more than a day before its lead (C §3.4.8).
const greetedFor = 23 * time.Hour

// greet stores the greeting that a visitor saw before they wrote first, and begins
// the bot. A conversation that goes on already is not greeted: what another tab
// showed meanwhile was another copy of the same.
func (t *tx) greet(l *lane, in conversation.NewInbound) error {
	b := in.Bot
	if b == nil || b.Greeted == nil || l.seq > 0 {
		return nil
	}
	g := b.Greeted
	now := in.Now.UnixMilli()
	l.lastAt = max(l.lastAt, min(g.At, now)-1, now-greetedFor.Milliseconds())
	// The job of each carries what is known of the visitor: the first message decides
	// whose duplicate they are (C §8.3).
	if err := t.fillVisitor(l, in.Visitor); err != nil {
		return err
	}
	for i, say := range g.Turn.Says {
		m := b.Message(in.Message.Account, g.IDs[i], say)
		m.Status, m.Untold = conversation.Read, g.Untold
		if err := t.botSays(l, in, m); err != nil {
			return err
		}
	}
	if err := t.botActs(l, in, g.Turn); err != nil {
		return err
	}
	ask, id, due := askOf(in, g.Turn)
	_, err := t.exec(`INSERT INTO greeting_runs (conversation_id, account_id, state, over, changed_at, ask_id, ask, ask_due_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		l.id, l.account, string(g.Turn.State), flag(g.Turn.Over), now, id, ask, due)
	return err
}

// botSays stores one message of the bot, behind all others, and the job that tells it.
func (t *tx) botSays(l *lane, in conversation.NewInbound, m conversation.Message) error {
	m.Conversation, m.Seq, m.At = chatid.ConversationID(l.id), l.next(), l.lastAt+1
	m.Rev = m.Seq
	isNew, err := t.insertMessage(m)
	if err == nil && !isNew {
		// Its id is taken by what the same visitor was shown in another conversation.
		m.ID = chatid.MessageID(in.NewID())
		m.ClientID = chatid.ClientID(m.ID)
		_, err = t.insertMessage(m)
	}
	if err != nil {
		return err
	}
	l.lastAt = m.At
	if m.Untold {
		return nil
	}
	job := l.messageJob(m, in.Source)
	job.Author, job.Silent, job.Bot = &conversation.JobAuthor{Name: m.AuthorName}, true, true
	err = t.enqueue(l, in.Holder, m.Seq, conversation.JobMessage, job)
	if fault.Is(err, fault.TooLarge) {
		return nil // the visitor's own message is worth more than telling this one
	}
	return err
}

// reply lets the bot go on after a message of the visitor. An operator's message ends
// it (BOT-13).
func (t *tx) reply(l *lane, in conversation.NewInbound, m conversation.Message) error {
	if in.Bot == nil {
		return nil
	}
	run, err := t.botRun(l)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	spoke, err := t.operatorSpoke(l)
	if err != nil {
		return err
	}
	turn := conversation.BotTurn{State: run.state, Over: true}
	switch {
	case spoke:
	case run.ask != "":
		return nil // it waits for a server, and not for the visitor
	default:
		turn = in.Bot.Next(run.state, m.Text)
	}
	return t.botTurn(l, in, turn)
}

// botActs keeps what a turn wants done in the CRM until the conversation's lead is known.
func (t *tx) botActs(l *lane, in conversation.NewInbound, turn conversation.BotTurn) error {
	for _, w := range []struct {
		kind outbox.Kind
		acts json.RawMessage
	}{{conversation.SortWork, turn.Sorts}, {conversation.BotWork, turn.Acts}} {
		if w.acts == nil {
			continue
		}
		data, err := json.Marshal(conversation.BotActs{ID: in.NewID(), Acts: w.acts})
		if err != nil {
			return fmt.Errorf("write card work: %w", err)
		}
		err = t.cardJob(conversation.CardWork{
			Account: chatid.AccountID(l.account), Kind: w.kind, Most: conversation.MaxBotWork,
			Job: conversation.CardJob{At: in.Now.UnixMilli(), Data: data},
		}, l.id, l.visitor)
		if fault.Is(err, fault.TooLarge) {
			continue // as in botSays
		}
		if err == nil {
			err = t.cardsDue(l.id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// operatorSpoke tells whether the CRM's people have written in a conversation: what
// they write has no id of a browser's or of an import.
func (t *tx) operatorSpoke(l *lane) (bool, error) {
	var n int
	err := t.row(`SELECT count(*) FROM (SELECT 1 AS one FROM messages WHERE conversation_id = ? AND direction = ? AND client_id = '' AND kind <> ? LIMIT 1) w`,
		l.id, string(conversation.Outbound), conversation.KindEnded).Scan(&n)
	return n > 0, err
}

// botEnds ends the conversation in the bot's name; the CRM's talk is closed too.
func (t *tx) botEnds(l *lane, in conversation.NewInbound) error {
	var talk chatid.TalkID
	if err := t.row(`SELECT talk_id FROM conversations WHERE id = ?`, l.id).Scan(&talk); err != nil {
		return err
	}
	_, err := t.endLane(l, conversation.End{
		Account: in.Message.Account, Conversation: chatid.ConversationID(l.id), ID: chatid.MessageID(in.NewID()), ByVisitor: true, Holder: in.Holder,
	}, talk)
	return err
}
