-- The chats that a conversation had, and a person's other chats, are found by
-- their own keys and not by reading all of an account.
-- +goose Up
CREATE INDEX chat_refs_conversation ON chat_refs (conversation_id);
CREATE INDEX visitors_person ON visitors (account_id, external_id) WHERE external_id <> '';

-- +goose Down
DROP INDEX visitors_person;
DROP INDEX chat_refs_conversation;
