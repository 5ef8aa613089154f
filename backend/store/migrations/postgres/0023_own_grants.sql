-- Who asked at the console for the access that a code grants, and wants the account;
-- empty where the CRM sent the code by itself.
-- +goose Up
ALTER TABLE grants ADD COLUMN team_id TEXT NOT NULL DEFAULT '';
ALTER TABLE grants ADD COLUMN user_id TEXT NOT NULL DEFAULT '';
ALTER TABLE grants ADD COLUMN locale TEXT NOT NULL DEFAULT '';
CREATE INDEX claims_team ON claims (team_id);

-- +goose Down
DROP INDEX claims_team;
ALTER TABLE grants DROP COLUMN locale;
ALTER TABLE grants DROP COLUMN user_id;
ALTER TABLE grants DROP COLUMN team_id;
