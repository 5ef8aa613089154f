-- One switch greets at a button: it governs the bubble and the chat's bot (BOT-9). Where
-- the bot greeted beside a bubble that was off, it goes on to, without a bubble.
-- +goose Up
UPDATE buttons SET look = json_set(CASE look WHEN '' THEN '{"greeting":{}}' ELSE look END,
        '$.greeting.enabled', json('true'), '$.greeting.bubble', json('false'))
    WHERE card_id = '' AND chat_id IN (SELECT id FROM online_chats WHERE greets <> 0)
    AND COALESCE(json_extract(CASE look WHEN '' THEN '{}' ELSE look END, '$.greeting.enabled'), 0) = 0;

-- +goose Down
UPDATE buttons SET look = json_set(look, '$.greeting.enabled', json('false'))
    WHERE card_id = '' AND look <> '' AND json_extract(CASE look WHEN '' THEN '{}' ELSE look END, '$.greeting.bubble') = 0;
