-- Accounts that a team asks another one for. told counts the notices that the owner
-- was sent.
-- +goose Up
CREATE TABLE account_transfers (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id),
    from_team  TEXT NOT NULL REFERENCES teams (id),
    to_team    TEXT NOT NULL REFERENCES teams (id),
    user_id    TEXT NOT NULL,
    asked_at   INTEGER NOT NULL,
    told       INTEGER NOT NULL
);

-- +goose Down
DROP TABLE account_transfers;
