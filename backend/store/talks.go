package store

import (
	"context"
	"fmt"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/conversation"
)

// SaveTalk implements conversation.Store. Most of what the CRM is asked for is as
// it was, which takes no transaction to see.
func (s conversations) SaveTalk(ctx context.Context, a chatid.AccountID, id chatid.ConversationID, talk conversation.Talk) error {
	var was conversation.Talk
	var closed chatid.TalkID
	err := s.reader(ctx).row(`SELECT c.talk_id, c.lead_id, c.closed_talk, COALESCE(v.contact_id, 0) FROM conversations c
		LEFT JOIN visitors v ON v.id = c.visitor_id WHERE c.id = ? AND c.account_id = ?`, string(id), string(a)).
		Scan(&was.ID, &was.Lead, &closed, &was.Contact)
	if err != nil {
		return fmt.Errorf("read talk: %w", translate(err))
	}
	same := (talk.ID == 0 || talk.ID == was.ID) && (talk.Lead == 0 || talk.Lead == was.Lead) &&
		(talk.Contact == 0 || talk.Contact == was.Contact) && (!talk.Open || talk.ID != closed)
	if same {
		return nil
	}
	return s.write(ctx, "save talk", func(t *tx) error {
		l, err := t.lane(` WHERE c.id = ? AND c.account_id = ?`, string(id), string(a))
		if err != nil {
			return err
		}
		return t.saveTalk(l, talk)
	})
}

// saveTalk keeps the CRM's names of the conversation's talk, lead and contact.
func (t *tx) saveTalk(l *lane, talk conversation.Talk) error {
	if talk.ID != 0 {
		if _, err := t.exec(`UPDATE conversations SET talk_id = ?, closed_talk = CASE WHEN ? <> 0 AND closed_talk = ? THEN 0 ELSE closed_talk END
			WHERE id = ? AND talk_id <= ?`, int64(talk.ID), flag(talk.Open), int64(talk.ID), l.id, int64(talk.ID)); err != nil {
			return err
		}
	}
	if talk.Lead != 0 {
		n, err := t.exec(`UPDATE conversations SET lead_id = ? WHERE id = ? AND lead_id <> ?`, talk.Lead, l.id, talk.Lead)
		if err == nil && n > 0 {
			err = t.leadKnown(l)
		}
		if err != nil {
			return err
		}
	}
	if talk.Contact == 0 || l.visitor == "" {
		return nil
	}
	_, err := t.exec(`UPDATE visitors SET contact_id = ? WHERE id = ? AND contact_id <> ?`, int64(talk.Contact), l.visitor, int64(talk.Contact))
	return err
}

// UnreadThere implements conversation.Store.
func (s conversations) UnreadThere(ctx context.Context, id chatid.ConversationID) (at int64, err error) {
	err = s.reader(ctx).row(`SELECT COALESCE(MAX(at), 0) FROM messages WHERE conversation_id = ? AND direction = ? AND status = ?`,
		string(id), string(conversation.Inbound), int(conversation.Delivered)).Scan(&at)
	return at, translate(err)
}

// OpenTalks implements conversation.Store.
func (s conversations) OpenTalks(ctx context.Context, a chatid.AccountID, since time.Time, limit int) ([]conversation.Conversation, error) {
	return s.latest(ctx, `c.account_id = ? AND c.touched_at >= ? AND c.talk_id <> 0 AND c.ended_at = 0 AND c.visitor_id <> ''`, limit, string(a), ms(since))
}

// OfContact implements conversation.Store.
func (s conversations) OfContact(ctx context.Context, a chatid.AccountID, c chatid.ContactID, limit int) ([]conversation.Conversation, error) {
	if c == 0 {
		return nil, nil
	}
	return s.latest(ctx, `c.id IN (SELECT k.id FROM visitors v `+threadsOf+` WHERE v.account_id = ? AND v.contact_id = ? AND v.contact_id <> 0)`,
		limit, string(a), int64(c))
}

// OfLead implements conversation.Store.
func (s conversations) OfLead(ctx context.Context, a chatid.AccountID, lead int64, limit int) ([]conversation.Conversation, error) {
	return s.latest(ctx, `c.id IN (SELECT l.id FROM conversations l WHERE l.account_id = ? AND l.lead_id = ? AND l.lead_id <> 0)`, limit, string(a), lead)
}

// latest lists what where finds, the conversations spoken in last first. where is
// a constant of this package.
func (s conversations) latest(ctx context.Context, where string, limit int, args ...any) ([]conversation.Conversation, error) {
	rows, err := s.reader(ctx).rows(`SELECT `+conversationColumns+` FROM conversations c WHERE `+where+` ORDER BY c.touched_at DESC, c.id LIMIT ?`,
		append(args, limit)...)
	if err != nil {
		return nil, fmt.Errorf("list conversations: %w", translate(err))
	}
	defer rows.Close()
	return collect(rows, scanConversation)
}
