-- +goose Up
-- Several processes may send one issue. Each enrols as a worker and renews its
-- lease; an issue's deliveries are shared out in ranges of subscribers' ids.

CREATE TABLE workers (
    id         TEXT   PRIMARY KEY,   -- random, new for each process
    name       TEXT   NOT NULL,      -- host and process, for people
    started_at BIGINT NOT NULL,
    renewed    BIGINT NOT NULL       -- counts the renewals of its lease
);

CREATE TABLE ranges (
    issue    BIGINT NOT NULL REFERENCES issues (number),
    part     BIGINT NOT NULL,
    low      TEXT   NOT NULL,        -- ids from here
    high     TEXT   NOT NULL,        -- to before here
    worker   TEXT   NOT NULL,        -- who sends it; '': nobody
    turn     BIGINT NOT NULL,        -- how often it was taken from a lost worker
    PRIMARY KEY (issue, part)
);

-- PostgreSQL updates a row in place, and touches no index, only when no column
-- of an index changes, those of its condition included. So no condition names
-- the state, which changes with every delivery.
DROP INDEX deliveries_waiting;
DROP INDEX deliveries_refused;
CREATE INDEX deliveries_waiting ON deliveries (issue, next_at, subscriber) WHERE next_at > 0;
CREATE INDEX deliveries_refused ON deliveries (subscriber) WHERE class <> '';

INSERT INTO ranges (issue, part, low, high, worker, turn)
SELECT number, 0, '', '~', '', 0 FROM issues WHERE state <> 'sent';
