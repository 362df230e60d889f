-- +goose Up
-- The size of an issue's snapshot, which its deliveries have to add up to
-- when it closes.
ALTER TABLE issues ADD COLUMN audience BIGINT NOT NULL DEFAULT 0;
UPDATE issues SET audience = (SELECT COUNT(*) FROM deliveries WHERE issue = number);
