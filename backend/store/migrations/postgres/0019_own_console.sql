-- The console at its own address: who is signed in there, whom a team has invited,
-- and the log of what is changed in a team. hash is that of a secret which a browser
-- or a mail holds. login is the address that who did it had then.
-- +goose Up
CREATE TABLE user_sessions (
    hash       TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL
);
CREATE INDEX user_sessions_user ON user_sessions (user_id);
CREATE INDEX user_sessions_begin ON user_sessions (created_at);

CREATE TABLE team_invites (
    id         TEXT PRIMARY KEY,
    team_id    TEXT NOT NULL REFERENCES teams (id),
    email      TEXT NOT NULL,
    role       TEXT NOT NULL,
    hash       TEXT NOT NULL UNIQUE,
    invited_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (team_id, email)
);

ALTER TABLE console_log ADD COLUMN user_id TEXT NOT NULL DEFAULT '';
ALTER TABLE console_log ADD COLUMN login TEXT NOT NULL DEFAULT '';

CREATE TABLE team_log (
    id      TEXT NOT NULL,
    team_id TEXT NOT NULL REFERENCES teams (id),
    user_id TEXT NOT NULL,
    login   TEXT NOT NULL,
    at      BIGINT NOT NULL,
    act     TEXT NOT NULL,
    subject TEXT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (team_id, id)
);

-- +goose Down
DROP TABLE team_log;
ALTER TABLE console_log DROP COLUMN login;
ALTER TABLE console_log DROP COLUMN user_id;
DROP TABLE team_invites;
DROP TABLE user_sessions;
