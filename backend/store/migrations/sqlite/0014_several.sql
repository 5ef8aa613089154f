-- One conversation of a visitor in a chat, or several (O §6.4). thread is empty for
-- the one that is found by its visitor, and the row's own id for one of several;
-- number is what people call it by, 0 for none; numbered counts those of a chat.
-- +goose Up
ALTER TABLE online_chats ADD COLUMN several INTEGER NOT NULL DEFAULT 0;
ALTER TABLE online_chats ADD COLUMN numbered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN thread TEXT NOT NULL DEFAULT '';
ALTER TABLE conversations ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
DROP INDEX conversations_visitor;
CREATE UNIQUE INDEX conversations_visitor ON conversations (visitor_id, chat_id, thread) WHERE visitor_id <> '';

-- +goose Down
DROP INDEX conversations_visitor;
DELETE FROM outbox WHERE conversation_id IN (SELECT id FROM conversations WHERE thread <> '');
DELETE FROM messages WHERE conversation_id IN (SELECT id FROM conversations WHERE thread <> '');
DELETE FROM chat_refs WHERE conversation_id IN (SELECT id FROM conversations WHERE thread <> '');
DELETE FROM conversations WHERE thread <> '';
CREATE UNIQUE INDEX conversations_visitor ON conversations (visitor_id, chat_id) WHERE visitor_id <> '';
ALTER TABLE conversations DROP COLUMN number;
ALTER TABLE conversations DROP COLUMN thread;
ALTER TABLE online_chats DROP COLUMN numbered;
ALTER TABLE online_chats DROP COLUMN several;
