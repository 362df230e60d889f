-- +goose Up
-- When a person took an issue up again. The refusals before are judged: they
-- stop it no more, and suppress nobody.
ALTER TABLE issues ADD COLUMN retried_at BIGINT NOT NULL DEFAULT 0;

-- How many people left, since something was made: a backup that knows of fewer
-- would write to some of them again. It is not counted with what was sent, so
-- that departures from a restored copy do not make up for what it missed.
ALTER TABLE standing ADD COLUMN departed BIGINT NOT NULL DEFAULT 0;
