-- +goose Up
CREATE TABLE teams (
    id         TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL
);

CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    team_id       TEXT NOT NULL REFERENCES teams (id),
    email         TEXT NOT NULL UNIQUE,
    role          TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    verified_at   INTEGER NOT NULL DEFAULT 0,
    locale        TEXT NOT NULL DEFAULT '',
    created_at    INTEGER NOT NULL
);
CREATE INDEX users_team ON users (team_id, created_at);

CREATE TABLE accounts (
    id               TEXT PRIMARY KEY,
    team_id          TEXT NOT NULL DEFAULT '',
    product          TEXT NOT NULL,
    crm_id           INTEGER NOT NULL,
    amojo_id         TEXT NOT NULL DEFAULT '',
    host             TEXT NOT NULL DEFAULT '',
    name             TEXT NOT NULL DEFAULT '',
    state            TEXT NOT NULL,
    reason           TEXT NOT NULL DEFAULT '',
    scope            TEXT NOT NULL DEFAULT '',
    connected_by     TEXT NOT NULL DEFAULT '',
    paused_until     INTEGER NOT NULL DEFAULT 0,
    access_sealed    TEXT NOT NULL DEFAULT '',
    refresh_sealed   TEXT NOT NULL DEFAULT '',
    token_expires_at INTEGER NOT NULL DEFAULT 0,
    refresh_holder   TEXT NOT NULL DEFAULT '',
    refresh_until    INTEGER NOT NULL DEFAULT 0,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    UNIQUE (product, crm_id)
);
CREATE INDEX accounts_team ON accounts (team_id, created_at);
CREATE UNIQUE INDEX accounts_scope ON accounts (scope) WHERE scope <> '';

CREATE TABLE claims (
    product      TEXT NOT NULL,
    crm_id       INTEGER NOT NULL,
    crm_user     INTEGER NOT NULL,
    admin_proven INTEGER NOT NULL,
    team_id      TEXT NOT NULL,
    user_id      TEXT NOT NULL,
    amojo_id     TEXT NOT NULL DEFAULT '',
    host         TEXT NOT NULL DEFAULT '',
    locale       TEXT NOT NULL DEFAULT '',
    refused      TEXT NOT NULL DEFAULT '',
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (product, crm_id)
);

CREATE TABLE grants (
    id          TEXT PRIMARY KEY,
    product     TEXT NOT NULL,
    code_sealed TEXT NOT NULL,
    host        TEXT NOT NULL,
    received_at INTEGER NOT NULL
);

CREATE TABLE online_chats (
    id                 TEXT PRIMARY KEY,
    account_id         TEXT NOT NULL REFERENCES accounts (id),
    name               TEXT NOT NULL DEFAULT '',
    pipeline_id        INTEGER NOT NULL DEFAULT 0,
    source_external_id TEXT NOT NULL DEFAULT '',
    source_id          INTEGER NOT NULL DEFAULT 0,
    created_at         INTEGER NOT NULL
);
CREATE INDEX online_chats_account ON online_chats (account_id, created_at);

-- The number is what a snippet carries; AUTOINCREMENT never gives one out twice.
CREATE TABLE buttons (
    number        INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT NOT NULL UNIQUE,
    account_id    TEXT NOT NULL REFERENCES accounts (id),
    hash          TEXT NOT NULL,
    chat_id       TEXT NOT NULL DEFAULT '',
    trusted_sites TEXT NOT NULL DEFAULT '[]',
    in_app        INTEGER NOT NULL DEFAULT 0,
    color         TEXT NOT NULL DEFAULT '',
    locale        TEXT NOT NULL DEFAULT '',
    position      TEXT NOT NULL DEFAULT '',
    created_at    INTEGER NOT NULL
);
INSERT INTO sqlite_sequence (name, seq) VALUES ('buttons', 1000);
CREATE INDEX buttons_account ON buttons (account_id, number);

CREATE TABLE visitors (
    id         TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    chat_id    TEXT NOT NULL,
    name       TEXT NOT NULL DEFAULT '',
    phone      TEXT NOT NULL DEFAULT '',
    email      TEXT NOT NULL DEFAULT '',
    alias      TEXT NOT NULL DEFAULT '',
    locale     TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL
);

-- seq counts messages and changes; due_at and token are the lane of the outbox:
-- NULL is idle, else the time from which a poller may take it; the token is its
-- holder's, and empty when nobody works on it.
CREATE TABLE conversations (
    id            TEXT PRIMARY KEY,
    account_id    TEXT NOT NULL REFERENCES accounts (id),
    chat_id       TEXT NOT NULL DEFAULT '',
    visitor_id    TEXT NOT NULL DEFAULT '',
    chat_ref      TEXT NOT NULL DEFAULT '',
    user_ref      TEXT NOT NULL DEFAULT '',
    seq           INTEGER NOT NULL DEFAULT 0,
    last_at       INTEGER NOT NULL DEFAULT 0,
    delivered_seq INTEGER NOT NULL DEFAULT 0,
    seen_seq      INTEGER NOT NULL DEFAULT 0,
    due_at        INTEGER,
    token         TEXT NOT NULL DEFAULT '',
    created_at    INTEGER NOT NULL
);
CREATE UNIQUE INDEX conversations_visitor ON conversations (visitor_id, chat_id) WHERE visitor_id <> '';
CREATE INDEX conversations_chat_ref ON conversations (account_id, chat_ref) WHERE chat_ref <> '';
CREATE INDEX conversations_due ON conversations (account_id, due_at) WHERE due_at IS NOT NULL;

CREATE TABLE messages (
    id              TEXT NOT NULL UNIQUE,
    account_id      TEXT NOT NULL REFERENCES accounts (id),
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    client_id       TEXT NOT NULL DEFAULT '',
    ref             TEXT NOT NULL DEFAULT '',
    seq             INTEGER NOT NULL,
    rev             INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    direction       TEXT NOT NULL,
    kind            TEXT NOT NULL,
    text            TEXT NOT NULL,
    author_name     TEXT NOT NULL DEFAULT '',
    status          INTEGER NOT NULL DEFAULT 0,
    error_code      TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX messages_seq ON messages (conversation_id, seq);
CREATE UNIQUE INDEX messages_client ON messages (conversation_id, client_id) WHERE client_id <> '';
CREATE UNIQUE INDEX messages_ref ON messages (account_id, ref) WHERE ref <> '';
CREATE INDEX messages_rev ON messages (conversation_id, rev);
CREATE INDEX messages_at ON messages (conversation_id, at, seq);

CREATE TABLE outbox (
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    seq             INTEGER NOT NULL,
    account_id      TEXT NOT NULL,
    kind            TEXT NOT NULL,
    payload         BLOB NOT NULL,
    attempts        INTEGER NOT NULL DEFAULT 0,
    uncertain       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation_id, seq)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE outbox;
DROP TABLE messages;
DROP TABLE conversations;
DROP TABLE visitors;
DROP TABLE buttons;
DROP TABLE online_chats;
DROP TABLE grants;
DROP TABLE claims;
DROP TABLE accounts;
DROP TABLE users;
DROP TABLE teams;
