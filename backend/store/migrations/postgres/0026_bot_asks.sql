-- The request that a greeting bot waits for: ask is what is to be sent, '' once it was;
-- ask_due_at is when it is sent, or given up; 0 for none.
-- +goose Up
ALTER TABLE greeting_runs ADD COLUMN ask_id TEXT NOT NULL DEFAULT '';
ALTER TABLE greeting_runs ADD COLUMN ask TEXT NOT NULL DEFAULT '';
ALTER TABLE greeting_runs ADD COLUMN ask_due_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX greeting_runs_ask ON greeting_runs (ask_due_at) WHERE ask_due_at <> 0;

-- +goose Down
DROP INDEX greeting_runs_ask;
ALTER TABLE greeting_runs DROP COLUMN ask_due_at;
ALTER TABLE greeting_runs DROP COLUMN ask;
ALTER TABLE greeting_runs DROP COLUMN ask_id;
