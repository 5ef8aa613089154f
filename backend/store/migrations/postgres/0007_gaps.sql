-- +goose Up
-- gap_since is the time from which hooks of the account may be lost, until its
-- conversations were asked for; 0 for none. gap_at is the end of the latest gap.
ALTER TABLE accounts ADD COLUMN gap_since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN gap_at BIGINT NOT NULL DEFAULT 0;
-- healed_at is when the conversation's history was read last.
ALTER TABLE conversations ADD COLUMN healed_at BIGINT NOT NULL DEFAULT 0;

-- When the server was last seen serving.
CREATE TABLE marks (
    name TEXT PRIMARY KEY,
    at   BIGINT NOT NULL
);

-- +goose Down
DROP TABLE marks;
ALTER TABLE conversations DROP COLUMN healed_at;
ALTER TABLE accounts DROP COLUMN gap_at;
ALTER TABLE accounts DROP COLUMN gap_since;
