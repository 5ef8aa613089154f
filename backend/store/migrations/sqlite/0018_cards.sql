-- +goose Up
-- Work on the CRM's cards of conversations. It has lanes of its own, so that API v4
-- holds no message up. due_at is NULL while there is nothing to do or the lead is
-- not known yet; conversation_id of a job is empty while its visitor has no lead.
CREATE TABLE card_lanes (
    conversation_id TEXT PRIMARY KEY REFERENCES conversations (id),
    account_id      TEXT NOT NULL REFERENCES accounts (id),
    due_at          INTEGER,
    token           TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX card_lanes_due ON card_lanes (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE card_jobs (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id      TEXT NOT NULL REFERENCES accounts (id),
    visitor_id      TEXT NOT NULL,
    conversation_id TEXT NOT NULL DEFAULT '',
    kind            TEXT NOT NULL,
    payload         BLOB NOT NULL,
    created_at      INTEGER NOT NULL,
    attempts        INTEGER NOT NULL DEFAULT 0,
    uncertain       INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX card_jobs_lane ON card_jobs (conversation_id, id) WHERE conversation_id <> '';
CREATE INDEX card_jobs_visitor ON card_jobs (visitor_id, id) WHERE conversation_id = '';
-- What was done already, so that it is not done again after a crash or a refusal.
CREATE TABLE card_marks (
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    mark            TEXT NOT NULL,
    PRIMARY KEY (conversation_id, mark)
) WITHOUT ROWID;
-- Until when API v4 asked to be left alone with an account's cards.
ALTER TABLE accounts ADD COLUMN cards_paused_until INTEGER NOT NULL DEFAULT 0;

-- The field of the CRM that holds the site's id of a person, for each chat.
ALTER TABLE online_chats ADD COLUMN external_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE online_chats ADD COLUMN external_field INTEGER NOT NULL DEFAULT 0;
ALTER TABLE online_chats ADD COLUMN external_name TEXT NOT NULL DEFAULT '';

-- Where a visitor's browser saw them come from, as JSON.
ALTER TABLE visitor_meta ADD COLUMN tracking TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE visitor_meta DROP COLUMN tracking;
ALTER TABLE online_chats DROP COLUMN external_name;
ALTER TABLE online_chats DROP COLUMN external_field;
ALTER TABLE online_chats DROP COLUMN external_kind;
ALTER TABLE accounts DROP COLUMN cards_paused_until;
DROP TABLE card_marks;
DROP TABLE card_jobs;
DROP TABLE card_lanes;
