package store

import (
	"context"
	"encoding/json"
	"fmt"

	"leadline/backend/chatid"
	"leadline/backend/onlinechat"
)

// Reach implements onlinechat.Store.
func (s onlineChats) Reach(ctx context.Context, id chatid.ChatID) (r onlinechat.Reach, err error) {
	var hours string
	err = s.reader(ctx).row(`SELECT hours, no_callbacks <> 0, online_text, away_text, away_ask FROM online_chats WHERE id = ?`, string(id)).
		Scan(&hours, &r.NoCallBacks, &r.OnlineText, &r.AwayText, &r.Ask)
	if err == nil && hours != "" {
		err = json.Unmarshal([]byte(hours), &r.Hours)
	}
	if err != nil {
		return onlinechat.Reach{}, fmt.Errorf("read hours: %w", translate(err))
	}
	return r, nil
}

// SetReach implements onlinechat.Store.
func (s onlineChats) SetReach(ctx context.Context, a chatid.AccountID, id chatid.ChatID, r onlinechat.Reach) error {
	row := onlineChatRow{NoCallBacks: flag(r.NoCallBacks), OnlineText: r.OnlineText, AwayText: r.AwayText, AwayAsk: string(r.Ask)}
	if r.Hours.Set() {
		hours, err := json.Marshal(r.Hours)
		if err != nil {
			return fmt.Errorf("write hours: %w", err)
		}
		row.Hours = string(hours)
	}
	return s.write(ctx, "set hours", func(t *tx) error {
		return found(t.db.Model(&onlineChatRow{}).Where("id = ? AND account_id = ? AND removed_at = 0", string(id), string(a)).
			Select("Hours", "NoCallBacks", "OnlineText", "AwayText", "AwayAsk").Updates(row))
	})
}
