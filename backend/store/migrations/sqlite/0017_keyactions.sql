-- +goose Up
-- Key actions of buttons (O §5); body is the JSON of keyaction.Action.
CREATE TABLE key_actions (
    id         TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    button_id  TEXT NOT NULL REFERENCES buttons (id),
    place      INTEGER NOT NULL,
    body       TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX key_actions_button ON key_actions (button_id, place);

-- Browsers that reported one, by the key that they made up, and who wrote from there.
CREATE TABLE key_action_browsers (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    browser    TEXT NOT NULL,
    visitor_id TEXT NOT NULL DEFAULT '',
    seen_at    INTEGER NOT NULL,
    PRIMARY KEY (account_id, browser)
) WITHOUT ROWID;
CREATE INDEX key_action_browsers_seen ON key_action_browsers (seen_at);

-- What happened. day is its date in the account's time zone; why, page and crm are
-- JSON; hook_due is when the hook is tried next, 0 for never.
CREATE TABLE key_action_log (
    id         TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    button_id  TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    action_id  TEXT NOT NULL,
    name       TEXT NOT NULL,
    browser    TEXT NOT NULL,
    visitor_id TEXT NOT NULL DEFAULT '',
    at         INTEGER NOT NULL,
    day        TEXT NOT NULL,
    why        TEXT NOT NULL,
    page       TEXT NOT NULL,
    lead_id    INTEGER NOT NULL DEFAULT 0,
    crm        TEXT NOT NULL,
    crm_state  TEXT NOT NULL,
    problem    TEXT NOT NULL DEFAULT '',
    hook       TEXT NOT NULL DEFAULT '',
    hook_state TEXT NOT NULL DEFAULT '',
    hook_due   INTEGER NOT NULL DEFAULT 0,
    hook_tries INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE UNIQUE INDEX key_action_log_client ON key_action_log (account_id, browser, client_id);
CREATE INDEX key_action_log_button ON key_action_log (button_id, id);
CREATE INDEX key_action_log_account ON key_action_log (account_id, id);
CREATE INDEX key_action_log_browser ON key_action_log (account_id, browser, action_id);
CREATE INDEX key_action_log_visitor ON key_action_log (account_id, visitor_id, action_id) WHERE visitor_id <> '';
CREATE INDEX key_action_log_lead ON key_action_log (account_id, lead_id, action_id) WHERE lead_id <> 0;
CREATE INDEX key_action_log_hooks ON key_action_log (hook_due) WHERE hook_due <> 0;
CREATE INDEX key_action_log_late ON key_action_log (at) WHERE crm_state = 'remembered' AND visitor_id <> '';

-- +goose Down
DROP TABLE key_action_log;
DROP TABLE key_action_browsers;
DROP TABLE key_actions;
