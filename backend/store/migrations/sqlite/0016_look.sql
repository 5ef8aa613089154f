-- How buttons look and which messengers they carry, as JSON (O §6.2); an empty look is
-- the default one. Colour and side stand in it now: nothing has ever set them.
-- +goose Up
ALTER TABLE buttons ADD COLUMN look TEXT NOT NULL DEFAULT '';
ALTER TABLE buttons ADD COLUMN channels TEXT NOT NULL DEFAULT '[]';
ALTER TABLE buttons ADD COLUMN removed_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE buttons DROP COLUMN color;
ALTER TABLE buttons DROP COLUMN position;

-- +goose Down
ALTER TABLE buttons ADD COLUMN color TEXT NOT NULL DEFAULT '';
ALTER TABLE buttons ADD COLUMN position TEXT NOT NULL DEFAULT 'right';
ALTER TABLE buttons DROP COLUMN removed_at;
ALTER TABLE buttons DROP COLUMN channels;
ALTER TABLE buttons DROP COLUMN look;
