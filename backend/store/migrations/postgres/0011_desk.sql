-- +goose Up
-- Visitors who ask to be called back. responsible, taken_by and released_by are
-- users of the CRM, 0 for nobody; alive_at is when taken_by last said that the
-- call goes on.
CREATE TABLE callbacks (
    id              TEXT PRIMARY KEY,
    account_id      TEXT NOT NULL REFERENCES accounts (id),
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    message_id      TEXT NOT NULL,
    phone           TEXT NOT NULL,
    name            TEXT NOT NULL,
    text            TEXT NOT NULL,
    responsible     BIGINT NOT NULL DEFAULT 0,
    taken_by        BIGINT NOT NULL DEFAULT 0,
    alive_at        BIGINT NOT NULL DEFAULT 0,
    released_by     BIGINT NOT NULL DEFAULT 0,
    done_at         BIGINT NOT NULL DEFAULT 0,
    created_at      BIGINT NOT NULL
);
CREATE INDEX callbacks_open ON callbacks (account_id, created_at) WHERE done_at = 0;
CREATE INDEX callbacks_conversation ON callbacks (conversation_id) WHERE done_at = 0;
CREATE INDEX callbacks_created ON callbacks (created_at);

-- Who of an account's CRM users is online, as a browser reported last: a JSON list
-- of their numbers.
CREATE TABLE presence (
    account_id  TEXT PRIMARY KEY REFERENCES accounts (id),
    online      TEXT NOT NULL,
    reported_at BIGINT NOT NULL,
    good_until  BIGINT NOT NULL
);

-- Since when something is wrong with an account, by kind ("connection", "parked");
-- it stays when it is over. told are the incidents that a CRM user has seen.
CREATE TABLE incidents (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    kind       TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, kind)
);
CREATE TABLE told (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    crm_user   BIGINT NOT NULL,
    incident   TEXT NOT NULL,
    told_at    BIGINT NOT NULL,
    PRIMARY KEY (account_id, crm_user, incident)
);

-- hours is the JSON of onlinechat.Hours, empty for none.
ALTER TABLE online_chats ADD COLUMN hours TEXT NOT NULL DEFAULT '';
ALTER TABLE online_chats ADD COLUMN no_callbacks BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE online_chats DROP COLUMN no_callbacks;
ALTER TABLE online_chats DROP COLUMN hours;
DROP TABLE told;
DROP TABLE incidents;
DROP TABLE presence;
DROP TABLE callbacks;
