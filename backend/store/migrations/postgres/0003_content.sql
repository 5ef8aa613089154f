-- +goose Up
-- content is JSON of what a message holds beside its text, reactions an object of
-- who reacted with which emoji; both empty for most. pending = 1 while the
-- message's file is not here: nobody has seen it yet.
ALTER TABLE messages ADD COLUMN content TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN reactions TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN author_ref TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN edited_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN pending BIGINT NOT NULL DEFAULT 0;

-- by_ref = 1: chat_ref decides where messages go, because an operator began that
-- chat; touched_at is the last time that anything was said.
ALTER TABLE conversations ADD COLUMN by_ref BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN ended_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN talk_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN touched_at BIGINT NOT NULL DEFAULT 0;
UPDATE conversations SET touched_at = GREATEST(last_at, created_at);
CREATE INDEX conversations_touched ON conversations (account_id, touched_at);

-- Every chat of the CRM that a conversation has had: an operator who writes first
-- opens another one for the same visitor.
CREATE TABLE chat_refs (
    account_id      TEXT NOT NULL REFERENCES accounts (id),
    chat_ref        TEXT NOT NULL,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    user_ref        TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (account_id, chat_ref)
);

-- What a signed user token, or the CRM itself, said of a visitor; never what a
-- page claimed.
ALTER TABLE visitors ADD COLUMN external_id TEXT NOT NULL DEFAULT '';
ALTER TABLE visitors ADD COLUMN proven_phone TEXT NOT NULL DEFAULT '';
ALTER TABLE visitors ADD COLUMN contact_id BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX visitors_external ON visitors (account_id, chat_id, external_id) WHERE external_id <> '';
CREATE INDEX visitors_proven_phone ON visitors (account_id, proven_phone) WHERE proven_phone <> '';
CREATE INDEX visitors_contact ON visitors (account_id, contact_id) WHERE contact_id <> 0;

-- due_at: when to fetch an operator's file next; NULL for what is here or failed.
CREATE TABLE files (
    id              TEXT PRIMARY KEY,
    account_id      TEXT NOT NULL REFERENCES accounts (id),
    visitor_id      TEXT NOT NULL DEFAULT '',
    conversation_id TEXT NOT NULL DEFAULT '',
    message_id      TEXT NOT NULL DEFAULT '',
    key             TEXT NOT NULL DEFAULT '',
    thumb           TEXT NOT NULL DEFAULT '',
    kind            TEXT NOT NULL,
    name            TEXT NOT NULL DEFAULT '',
    type            TEXT NOT NULL DEFAULT '',
    bytes           BIGINT NOT NULL DEFAULT 0,
    width           BIGINT NOT NULL DEFAULT 0,
    height          BIGINT NOT NULL DEFAULT 0,
    duration_ms     BIGINT NOT NULL DEFAULT 0,
    state           TEXT NOT NULL,
    origin          TEXT NOT NULL DEFAULT '',
    due_at          BIGINT,
    attempts        BIGINT NOT NULL DEFAULT 0,
    token           TEXT NOT NULL DEFAULT '',
    created_at      BIGINT NOT NULL
);
CREATE UNIQUE INDEX files_key ON files (key) WHERE key <> '';
CREATE INDEX files_due ON files (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX files_unsent ON files (visitor_id, created_at) WHERE conversation_id = '';

-- +goose Down
DROP TABLE files;
DROP INDEX visitors_contact;
DROP INDEX visitors_proven_phone;
DROP INDEX visitors_external;
ALTER TABLE visitors DROP COLUMN contact_id;
ALTER TABLE visitors DROP COLUMN proven_phone;
ALTER TABLE visitors DROP COLUMN external_id;
DROP TABLE chat_refs;
DROP INDEX conversations_touched;
ALTER TABLE conversations DROP COLUMN touched_at;
ALTER TABLE conversations DROP COLUMN talk_id;
ALTER TABLE conversations DROP COLUMN ended_at;
ALTER TABLE conversations DROP COLUMN by_ref;
ALTER TABLE messages DROP COLUMN pending;
ALTER TABLE messages DROP COLUMN edited_at;
ALTER TABLE messages DROP COLUMN author_ref;
ALTER TABLE messages DROP COLUMN reactions;
ALTER TABLE messages DROP COLUMN content;
