-- Messages that were not delivered, each with the job that would do it, until
-- somebody sends them again or drops them. at is the message's own.
-- +goose Up
CREATE TABLE parked (
    message_id      TEXT PRIMARY KEY,
    account_id      TEXT NOT NULL REFERENCES accounts (id),
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    at              INTEGER NOT NULL,
    reason          TEXT NOT NULL,
    job_kind        TEXT NOT NULL,
    payload         BLOB NOT NULL,
    uncertain       INTEGER NOT NULL
);
CREATE INDEX parked_account ON parked (account_id, at, message_id);

-- +goose Down
DROP TABLE parked;
