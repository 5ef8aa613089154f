-- The greeting bot of a chat (O §4), as it was given, and where it is in each
-- conversation that it greeted. greets tells of a chat that its bot is switched on;
-- untold, that the CRM is not told what a visitor saw before they wrote first.
-- +goose Up
ALTER TABLE online_chats ADD COLUMN greets INTEGER NOT NULL DEFAULT 0;
CREATE TABLE greeting_bots (
    chat_id    TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    bot        TEXT NOT NULL,
    name       TEXT NOT NULL,
    untold     INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
);
CREATE TABLE greeting_runs (
    conversation_id TEXT PRIMARY KEY,
    account_id      TEXT NOT NULL REFERENCES accounts (id),
    state           TEXT NOT NULL,
    over            INTEGER NOT NULL,
    changed_at      INTEGER NOT NULL
) WITHOUT ROWID;

-- +goose Down
DROP TABLE greeting_runs;
DROP TABLE greeting_bots;
ALTER TABLE online_chats DROP COLUMN greets;
