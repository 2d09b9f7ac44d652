-- migrate:up

-- An order names a point by its id alone, and its address goes on the label.
CREATE INDEX pickup_points_by_id ON pickup_points (external_id);

-- migrate:down
