-- +goose Up
-- What visitors read while somebody, or nobody, answers, and what they are asked for
-- then (onlinechat.Reach); and whether somebody chose what opens history (design.md
-- section 10), or the default stands.
ALTER TABLE online_chats ADD COLUMN online_text TEXT NOT NULL DEFAULT '';
ALTER TABLE online_chats ADD COLUMN away_text TEXT NOT NULL DEFAULT '';
ALTER TABLE online_chats ADD COLUMN away_ask TEXT NOT NULL DEFAULT '';
ALTER TABLE online_chats ADD COLUMN identity_chosen INTEGER NOT NULL DEFAULT 0;
UPDATE online_chats SET identity_chosen = 1 WHERE identity_mode <> 'optional';

-- +goose Down
ALTER TABLE online_chats DROP COLUMN identity_chosen;
ALTER TABLE online_chats DROP COLUMN away_ask;
ALTER TABLE online_chats DROP COLUMN away_text;
ALTER TABLE online_chats DROP COLUMN online_text;
