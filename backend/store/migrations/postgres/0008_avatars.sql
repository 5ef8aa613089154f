-- +goose Up
-- Our copy of an operator's picture: picture is a file of no conversation, and
-- picture_of the address in the CRM that it was made from; both empty for none.
ALTER TABLE operators ADD COLUMN picture TEXT NOT NULL DEFAULT '';
ALTER TABLE operators ADD COLUMN picture_of TEXT NOT NULL DEFAULT '';

-- +goose Down
DELETE FROM files WHERE id IN (SELECT picture FROM operators WHERE picture <> '');
ALTER TABLE operators DROP COLUMN picture_of;
ALTER TABLE operators DROP COLUMN picture;
