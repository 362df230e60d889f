-- +goose Up
-- When a person took an issue up again. The refusals before are judged: they
-- stop it no more, and suppress nobody.
ALTER TABLE issues ADD COLUMN retried_at BIGINT NOT NULL DEFAULT 0;
