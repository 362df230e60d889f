-- +goose Up

-- Which database this is, and how far it has come: one row. The counter grows
-- with each issue made and each run of sending; a copy of it lies in a file
-- beside the database, so that a restored one is noticed.
CREATE TABLE standing (
    one      BIGINT PRIMARY KEY,     -- always 1
    instance TEXT   NOT NULL,        -- 16 random bytes, base64url
    counter  BIGINT NOT NULL,
    decided  BIGINT NOT NULL,        -- all slots up to here are decided
    begun    BIGINT NOT NULL         -- where the first issue's window begins; 0: not yet known
);

-- What became of each slot whose time came.
CREATE TABLE slots (
    slot    BIGINT PRIMARY KEY,
    outcome TEXT   NOT NULL,         -- made, quiet, nobody, passed, missed, off
    at      BIGINT NOT NULL,         -- when it was decided
    number  BIGINT NOT NULL,         -- of the issue made, 0 for none
    reason  TEXT   NOT NULL
);

-- When an issue in the state waiting goes by itself; 0: only when approved.
ALTER TABLE issues ADD COLUMN release_at BIGINT NOT NULL DEFAULT 0;

-- What the team was told, once for each key. A key that stands for a state of
-- things is deleted when that state ends, so that its return is told again.
CREATE TABLE notices (
    key     TEXT   PRIMARY KEY,
    kind    TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    content TEXT   NOT NULL          -- JSON: ids, numbers and moments
);

-- What was wrong in an issue: shown on its page, and in the next issue.
CREATE TABLE errata (
    id       TEXT   PRIMARY KEY,
    issue    BIGINT NOT NULL REFERENCES issues (number),
    at       BIGINT NOT NULL,
    reason   TEXT   NOT NULL,        -- what was wrong
    text     TEXT   NOT NULL,        -- how it reads now, "" for nothing to add
    shown_in BIGINT NOT NULL         -- the issue that told it, 0: none so far
);

-- The public page of a corrected issue, newest revision first. The mail that
-- was sent stays in documents as it was.
CREATE TABLE revisions (
    issue    BIGINT NOT NULL REFERENCES issues (number),
    locale   TEXT   NOT NULL,
    revision BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    web      TEXT   NOT NULL,
    mark     TEXT   NOT NULL,        -- of the slots in web
    PRIMARY KEY (issue, locale, revision)
);
