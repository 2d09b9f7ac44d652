-- migrate:up

-- A line's turn beside each balance that may serve it, so that whoever has stock to give reads no more lines than can
-- have it. `whole_of` is the open quantity of a line that must come whole: it is nobody's turn who wants more than there
-- is. Where the release before let a row wait, the turn is NULL and is read from its line.
ALTER TABLE waiting_places
    ADD COLUMN placed_at timestamptz,
    ADD COLUMN order_id uuid,
    ADD COLUMN place integer,
    ADD COLUMN lot integer,
    ADD COLUMN whole_of numeric(18, 6);
UPDATE waiting_places SET placed_at = w.placed_at, order_id = w.order_id, place = w.place, lot = w.lot,
    whole_of = CASE WHEN w.whole THEN w.open END
    FROM waiting w WHERE w.id = waiting_places.waiting_id;
CREATE INDEX waiting_places_in_turn ON waiting_places (balance_id, placed_at, order_id, place, lot)
    WHERE whole_of IS NULL;
CREATE INDEX waiting_places_whole ON waiting_places (balance_id, whole_of) WHERE whole_of IS NOT NULL;
CREATE INDEX waiting_places_without_turn ON waiting_places (balance_id) WHERE placed_at IS NULL;

-- migrate:down
