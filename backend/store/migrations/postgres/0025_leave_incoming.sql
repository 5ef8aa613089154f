-- leaves_incoming tells that what a chat's bot says accepts no incoming lead.
-- +goose Up
ALTER TABLE greeting_bots ADD COLUMN leaves_incoming INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE greeting_bots DROP COLUMN leaves_incoming;
