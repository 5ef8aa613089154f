-- +goose Up
-- The secret by which a site's server signs who its users are, sealed; empty until
-- it is first asked for.
ALTER TABLE online_chats ADD COLUMN identity_sealed TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE online_chats DROP COLUMN identity_sealed;
