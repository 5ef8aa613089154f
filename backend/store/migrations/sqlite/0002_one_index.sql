-- rev is at least seq and both come from one counter: one index serves streams,
-- receipts and the counter's uniqueness, and each message costs a page less.
-- +goose Up
CREATE UNIQUE INDEX messages_revs ON messages (conversation_id, rev);
DROP INDEX messages_rev;
DROP INDEX messages_seq;

-- +goose Down
CREATE UNIQUE INDEX messages_seq ON messages (conversation_id, seq);
CREATE INDEX messages_rev ON messages (conversation_id, rev);
DROP INDEX messages_revs;
