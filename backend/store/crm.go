package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"leadline/backend/account"
	"leadline/backend/chatid"
	"leadline/backend/conversation"
)

func crmHookAAD(h crmHookRow) string { return "account/" + h.Account + "/crm-hook/" + h.Hash }

// Followed implements account.Store.
func (s accounts) Followed(ctx context.Context, after chatid.AccountID, limit int) ([]account.Account, error) {
	var rows []accountRow
	err := s.reader(ctx).db.Where("id > ?", string(after)).
		Where("state IN ? OR EXISTS (SELECT 1 FROM crm_hooks h WHERE h.account_id = accounts.id)", []string{string(account.Connected), string(account.Broken)}).
		Order("id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list followed accounts: %w", translate(err))
	}
	list := make([]account.Account, len(rows))
	for i, r := range rows {
		list[i] = r.domain()
	}
	return list, nil
}

// SaveCRMHook implements account.Store.
func (s accounts) SaveCRMHook(ctx context.Context, h account.CRMHook) error {
	r := crmHookRow{Hash: account.Hash(h.Secret), Account: string(h.Account), Created: ms(h.CreatedAt)}
	r.SecretSealed = s.sealer.Seal(h.Secret, crmHookAAD(r))
	return s.write(ctx, "save CRM webhook", func(t *tx) error { return t.db.Create(&r).Error })
}

// CRMHooks implements account.Store.
func (s accounts) CRMHooks(ctx context.Context, id chatid.AccountID) ([]account.CRMHook, error) {
	var rows []crmHookRow
	if err := s.reader(ctx).db.Where("account_id = ?", string(id)).Order("created_at DESC, hash").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list CRM webhooks: %w", translate(err))
	}
	var list []account.CRMHook
	for _, r := range rows {
		secret, err := s.sealer.Open(r.SecretSealed, crmHookAAD(r))
		if err != nil {
			return nil, fmt.Errorf("open secret of CRM webhook: %w", err)
		}
		list = append(list, account.CRMHook{Account: id, Secret: secret, CreatedAt: at(r.Created)})
	}
	return list, nil
}

// DropCRMHook implements account.Store.
func (s accounts) DropCRMHook(ctx context.Context, h account.CRMHook) error {
	return s.write(ctx, "drop CRM webhook", func(t *tx) error {
		_, err := t.exec(`DELETE FROM crm_hooks WHERE hash = ? AND account_id = ?`, account.Hash(h.Secret), string(h.Account))
		return err
	})
}

// CRMHookOwner implements account.Store.
func (s accounts) CRMHookOwner(ctx context.Context, secret string) (id chatid.AccountID, err error) {
	err = s.reader(ctx).row(`SELECT account_id FROM crm_hooks WHERE hash = ?`, account.Hash(secret)).Scan(&id)
	if err != nil {
		return "", fmt.Errorf("find CRM webhook: %w", translate(err))
	}
	return id, nil
}

// SaveOperators implements account.Store.
func (s accounts) SaveOperators(ctx context.Context, id chatid.AccountID, list []account.Operator) (gone []string, err error) {
	err = s.write(ctx, "save operators", func(t *tx) error {
		gone = nil
		// Locked, so that no picture is saved for a row that is about to go.
		var former []operatorRow
		if err := t.forUpdate().Where("account_id = ?", string(id)).Find(&former).Error; err != nil {
			return err
		}
		pictured := map[chatid.UserRef]operatorRow{}
		for _, r := range former {
			if r.Picture != "" {
				pictured[chatid.UserRef(r.UserRef)] = r
			}
		}
		if _, err := t.exec(`DELETE FROM operators WHERE account_id = ?`, string(id)); err != nil {
			return err
		}
		for _, o := range list {
			var had operatorRow
			if o.Avatar != "" {
				had = pictured[o.Ref]
			}
			n, err := t.exec(`INSERT INTO operators (account_id, user_ref, crm_user, name, avatar, picture, picture_of)
				VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
				string(id), string(o.Ref), int64(o.User), o.Name, o.Avatar, had.Picture, had.PictureOf)
			if err != nil {
				return err
			}
			if n == 1 && had.Picture != "" {
				delete(pictured, o.Ref)
			}
		}
		for _, r := range pictured {
			key, err := t.dropPicture(r.Picture)
			if err != nil {
				return err
			}
			if key != "" {
				gone = append(gone, key)
			}
		}
		return nil
	})
	return gone, err
}

// SavePicture implements account.Store.
func (s accounts) SavePicture(ctx context.Context, p account.Picture) (old string, kept bool, err error) {
	err = s.write(ctx, "save picture of operator", func(t *tx) error {
		old, kept = "", false
		var had string
		err := t.row(t.locked(`SELECT picture FROM operators WHERE account_id = ? AND user_ref = ? AND avatar = ?`, "operators"),
			string(p.Account), string(p.Operator), p.Of).Scan(&had)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if had != "" {
			if old, err = t.dropPicture(had); err != nil {
				return err
			}
		}
		kept = true
		if err = t.insertFile(conversation.File{
			ID: p.File, Account: p.Account, Key: p.Key, Kind: conversation.KindPicture, Type: p.Type, Bytes: p.Bytes,
			Width: p.Width, Height: p.Height, State: conversation.FileReady, CreatedAt: p.CreatedAt,
		}, "", sql.NullInt64{}); err != nil {
			return err
		}
		_, err = t.exec(`UPDATE operators SET picture = ?, picture_of = ? WHERE account_id = ? AND user_ref = ?`,
			string(p.File), p.Of, string(p.Account), string(p.Operator))
		return err
	})
	return old, kept, err
}

// dropPicture forgets a picture's file, if there is one; the key leads to the bytes.
func (t *tx) dropPicture(file string) (key string, err error) {
	err = t.row(`DELETE FROM files WHERE id = ? RETURNING key`, file).Scan(&key)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return key, err
}

// Operators implements account.Store.
func (s accounts) Operators(ctx context.Context, id chatid.AccountID) ([]account.Operator, error) {
	var rows []operatorRow
	if err := s.reader(ctx).db.Where("account_id = ?", string(id)).Order("user_ref").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list operators: %w", translate(err))
	}
	var list []account.Operator
	for _, r := range rows {
		list = append(list, account.Operator{
			Ref: chatid.UserRef(r.UserRef), User: chatid.CRMUserID(r.CRMUser), Name: r.Name, Avatar: r.Avatar, Copied: r.PictureOf,
		})
	}
	return list, nil
}
