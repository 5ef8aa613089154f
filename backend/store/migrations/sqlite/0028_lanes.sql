-- Lanes of card work are found as those of messages are: account by account.
-- +goose Up
CREATE INDEX card_lanes_turns ON card_lanes (account_id, due_at) WHERE due_at IS NOT NULL;
DROP INDEX card_lanes_due;

-- +goose Down
CREATE INDEX card_lanes_due ON card_lanes (due_at) WHERE due_at IS NOT NULL;
DROP INDEX card_lanes_turns;
