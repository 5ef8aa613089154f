-- +goose Up
-- Addresses that accounts' CRMs tell of events. hash is SHA-256 of the secret in
-- the address, in hex; an account has two while one replaces the other.
CREATE TABLE crm_hooks (
    hash          TEXT PRIMARY KEY,
    account_id    TEXT NOT NULL REFERENCES accounts (id),
    secret_sealed TEXT NOT NULL,
    created_at    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX crm_hooks_account ON crm_hooks (account_id, created_at);

-- The users of a CRM account, by their ids in the chats service. avatar is the
-- address of their picture there.
CREATE TABLE operators (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    user_ref   TEXT NOT NULL,
    crm_user   INTEGER NOT NULL,
    name       TEXT NOT NULL,
    avatar     TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, user_ref)
) WITHOUT ROWID;

-- closed_talk is the talk whose end was taken in, so that it ends the conversation
-- once; lead_id is the lead that the talk belongs to.
ALTER TABLE conversations ADD COLUMN closed_talk INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN lead_id INTEGER NOT NULL DEFAULT 0;
CREATE INDEX conversations_lead ON conversations (account_id, lead_id) WHERE lead_id <> 0;

-- A removed chat keeps its row for the conversations that it had.
ALTER TABLE online_chats ADD COLUMN is_default INTEGER NOT NULL DEFAULT 0;
ALTER TABLE online_chats ADD COLUMN removed_at INTEGER NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE online_chats DROP COLUMN removed_at;
ALTER TABLE online_chats DROP COLUMN is_default;
DROP INDEX conversations_lead;
ALTER TABLE conversations DROP COLUMN lead_id;
ALTER TABLE conversations DROP COLUMN closed_talk;
DROP TABLE operators;
DROP TABLE crm_hooks;
