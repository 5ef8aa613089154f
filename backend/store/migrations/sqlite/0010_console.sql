-- The settings console: tickets that were used, kept as long as somebody might
-- bring them again, and the log of who changed what. id of the log is a UUID that
-- sorts by time; outcome is empty while an act runs.
-- +goose Up
CREATE TABLE console_tickets (
    id         TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX console_tickets_expiry ON console_tickets (expires_at);

CREATE TABLE console_log (
    id         TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    crm_user   INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    act        TEXT NOT NULL,
    subject    TEXT NOT NULL,
    outcome    TEXT NOT NULL,
    PRIMARY KEY (account_id, id)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE console_log;
DROP TABLE console_tickets;
