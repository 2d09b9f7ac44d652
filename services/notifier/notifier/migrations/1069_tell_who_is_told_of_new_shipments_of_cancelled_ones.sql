-- migrate:up

-- Whoever chose other things and left out the kinds has those that were usual, spelt out. Cancelled shipments are usual
-- now, too: who is told to send something is to hear when it is called off.
UPDATE contacts SET choices = (
    SELECT jsonb_object_agg(email, CASE
        WHEN choice -> 'kinds' = '["new-shipment", "reminder", "webhook-paused"]'
        THEN jsonb_set(choice, '{kinds}', '["cancelled", "new-shipment", "reminder", "webhook-paused"]')
        ELSE choice END)
    FROM jsonb_each(choices) AS one (email, choice)
)
WHERE choices <> '{}';

-- migrate:down
