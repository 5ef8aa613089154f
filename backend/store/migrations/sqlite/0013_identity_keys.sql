-- +goose Up
-- What opens history (ADR 11), and when a user id was last refused as too short.
ALTER TABLE online_chats ADD COLUMN identity_mode TEXT NOT NULL DEFAULT 'optional';
ALTER TABLE online_chats ADD COLUMN short_id_at INTEGER NOT NULL DEFAULT 0;

-- The keys by which a site's server signs who its users are: secrets, sealed, and
-- public keys, as they are.
CREATE TABLE identity_keys (
    chat_id    TEXT NOT NULL REFERENCES online_chats (id),
    id         TEXT NOT NULL,
    alg        TEXT NOT NULL,
    material   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (chat_id, id)
);
INSERT INTO identity_keys (chat_id, id, alg, material, created_at)
    SELECT id, 's1', 'HS256', identity_sealed, created_at FROM online_chats WHERE identity_sealed <> '';
ALTER TABLE online_chats DROP COLUMN identity_sealed;

-- +goose Down
ALTER TABLE online_chats ADD COLUMN identity_sealed TEXT NOT NULL DEFAULT '';
UPDATE online_chats SET identity_sealed = coalesce((SELECT material FROM identity_keys k
    WHERE k.chat_id = online_chats.id AND k.alg = 'HS256' ORDER BY k.created_at DESC, k.id LIMIT 1), '');
DROP TABLE identity_keys;
ALTER TABLE online_chats DROP COLUMN short_id_at;
ALTER TABLE online_chats DROP COLUMN identity_mode;
