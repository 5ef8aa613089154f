-- What sites told of their visitors by setMeta (O §3.5): the page's claim, as JSON.
-- It may come before the visitor's first message, and so before the visitor.
-- +goose Up
CREATE TABLE visitor_meta (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    visitor_id TEXT NOT NULL,
    chat_id    TEXT NOT NULL,
    meta       TEXT NOT NULL,
    first_at   INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, visitor_id)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE visitor_meta;
