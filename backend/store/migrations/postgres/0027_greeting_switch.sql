-- One switch greets at a button: it governs the bubble and the chat's bot (BOT-9). Where
-- the bot greeted beside a bubble that was off, it goes on to, without a bubble.
-- +goose Up
UPDATE buttons SET look = jsonb_set(CASE look WHEN '' THEN '{}' ELSE look::jsonb END, '{greeting}',
        COALESCE(CASE look WHEN '' THEN NULL ELSE look::jsonb -> 'greeting' END, '{}') || '{"enabled": true, "bubble": false}')::text
    WHERE card_id = '' AND chat_id IN (SELECT id FROM online_chats WHERE greets <> 0)
    AND COALESCE(CASE look WHEN '' THEN NULL ELSE look::jsonb #>> '{greeting,enabled}' END, 'false') = 'false';

-- +goose Down
UPDATE buttons SET look = jsonb_set(look::jsonb, '{greeting,enabled}', 'false')::text
    WHERE card_id = '' AND look <> '' AND CASE look WHEN '' THEN NULL ELSE look::jsonb #>> '{greeting,bubble}' END = 'false';
