package store

import (
	"context"
	"fmt"
	"time"

	"leadline/backend/chatid"
	"leadline/backend/fault"
	"leadline/backend/onlinechat"
)

func identityAAD(id chatid.ChatID) string { return "chat/" + string(id) + "/identity" }

// Identity implements onlinechat.Store.
func (s onlineChats) Identity(ctx context.Context, id chatid.ChatID) (onlinechat.Identity, error) {
	var chat onlineChatRow
	var rows []identityKeyRow
	r := s.reader(ctx)
	err := r.db.Select("identity_mode", "identity_chosen", "short_id_at").Where("id = ?", string(id)).Take(&chat).Error
	if err == nil {
		err = r.db.Where("chat_id = ?", string(id)).Order("created_at, id").Find(&rows).Error
	}
	if err != nil {
		return onlinechat.Identity{}, fmt.Errorf("read identity: %w", translate(err))
	}
	i := onlinechat.Identity{Mode: onlinechat.IdentityMode(chat.IdentityMode), Chosen: chat.IdentityChosen != 0, ShortIDAt: at(chat.ShortID)}
	for _, row := range rows {
		k := onlinechat.IdentityKey{ID: row.ID, Alg: row.Alg, Material: row.Material, CreatedAt: at(row.Created)}
		if k.Secret() {
			if k.Material, err = s.sealer.Open(row.Material, identityAAD(id)); err != nil {
				return onlinechat.Identity{}, fmt.Errorf("open identity secret: %w", err)
			}
		}
		i.Keys = append(i.Keys, k)
	}
	return i, nil
}

// SetIdentityMode implements onlinechat.Store.
func (s onlineChats) SetIdentityMode(ctx context.Context, id chatid.ChatID, m onlinechat.IdentityMode) error {
	return s.write(ctx, "set identity mode", func(t *tx) error {
		return found(t.db.Model(&onlineChatRow{}).Where("id = ?", string(id)).
			Select("IdentityMode", "IdentityChosen").Updates(onlineChatRow{IdentityMode: string(m), IdentityChosen: 1}))
	})
}

// AddIdentityKey implements onlinechat.Store.
func (s onlineChats) AddIdentityKey(ctx context.Context, id chatid.ChatID, k onlinechat.IdentityKey, most int) error {
	row := identityKeyRow{Chat: string(id), ID: k.ID, Alg: k.Alg, Material: k.Material, Created: ms(k.CreatedAt)}
	if k.Secret() {
		row.Material = s.sealer.Seal(k.Material, identityAAD(id))
	}
	return s.write(ctx, "add identity key", func(t *tx) error {
		// The chat's lock: two that come at once must not both find room.
		if err := t.forUpdate().Select("id").Where("id = ?", string(id)).Take(&onlineChatRow{}).Error; err != nil {
			return translate(err)
		}
		var there []identityKeyRow
		if err := t.db.Where("chat_id = ?", string(id)).Find(&there).Error; err != nil {
			return err
		}
		same := 0
		for _, r := range there {
			if r.ID == k.ID {
				return fault.New(fault.Conflict, "identity_key_taken")
			}
			if (r.Alg == onlinechat.SecretAlg) == k.Secret() {
				same++
			}
		}
		if same >= most {
			return fault.New(fault.Conflict, "too_many_identity_keys").With("Max", most)
		}
		return t.db.Create(&row).Error
	})
}

// DropIdentityKey implements onlinechat.Store.
func (s onlineChats) DropIdentityKey(ctx context.Context, id chatid.ChatID, key string) error {
	return s.write(ctx, "drop identity key", func(t *tx) error {
		return found(t.db.Where("chat_id = ? AND id = ?", string(id), key).Delete(&identityKeyRow{}))
	})
}

// NoteShortID implements onlinechat.Store.
func (s onlineChats) NoteShortID(ctx context.Context, id chatid.ChatID, at time.Time) error {
	return s.write(ctx, "note a short user id", func(t *tx) error {
		return found(t.db.Model(&onlineChatRow{}).Where("id = ?", string(id)).Update("short_id_at", ms(at)))
	})
}
