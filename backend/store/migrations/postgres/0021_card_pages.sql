-- Business-card pages. page is the JSON of onlinechat.CardPage; the chat and the look
-- of its window are those of the page's own button. kept_until is 0 for the slug that
-- a page has, else the end of the time for which one that was given up is kept.
-- +goose Up
CREATE TABLE card_pages (
    id         TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    page       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX card_pages_account ON card_pages (account_id, created_at);
CREATE TABLE card_slugs (
    slug       TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    card_id    TEXT NOT NULL,
    kept_until BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX card_slugs_card ON card_slugs (card_id) WHERE kept_until = 0;
CREATE INDEX card_slugs_account ON card_slugs (account_id) WHERE kept_until <> 0;
ALTER TABLE buttons ADD COLUMN card_id TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX buttons_card ON buttons (card_id) WHERE card_id <> '';

-- +goose Down
DROP INDEX buttons_card;
DELETE FROM buttons WHERE card_id <> '';
ALTER TABLE buttons DROP COLUMN card_id;
DROP TABLE card_slugs;
DROP TABLE card_pages;
