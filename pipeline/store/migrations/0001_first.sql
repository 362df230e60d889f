-- +goose Up
-- The subset that SQLite and PostgreSQL share. Times are unix milliseconds;
-- ids are made in Go; case is folded in Go.

CREATE TABLE subscribers (
    id          TEXT   PRIMARY KEY,  -- 16 random bytes, base64url
    address     TEXT   NOT NULL,
    address_key TEXT   NOT NULL UNIQUE, -- address, case folded
    name        TEXT   NOT NULL,
    lang        TEXT   NOT NULL,
    status      TEXT   NOT NULL,     -- active, unsubscribed, suppressed
    created_at  BIGINT NOT NULL
);

CREATE TABLE suppressions (
    address_key TEXT   PRIMARY KEY,
    reason      TEXT   NOT NULL,
    created_at  BIGINT NOT NULL
);

-- An issue is frozen when its row is written, with its entries, documents and
-- deliveries, in one transaction.
CREATE TABLE issues (
    number       BIGINT PRIMARY KEY,
    slot         BIGINT NOT NULL UNIQUE,
    from_at      BIGINT NOT NULL,
    to_at        BIGINT NOT NULL,
    state        TEXT   NOT NULL,    -- sending, held, sent
    reason       TEXT   NOT NULL,    -- why it is held
    policy       TEXT   NOT NULL,    -- of uncertain deliveries: resend, hold
    content_hash TEXT   NOT NULL,
    git_commit   TEXT   NOT NULL,
    key_id       TEXT   NOT NULL,    -- signs the tokens of this issue
    base_url     TEXT   NOT NULL,    -- stands in the links of this issue
    ordered_at   BIGINT NOT NULL,    -- the Date header
    deadline_at  BIGINT NOT NULL     -- deliveries still waiting then are given up
);

CREATE TABLE issue_entries (
    issue    BIGINT NOT NULL REFERENCES issues (number),
    position BIGINT NOT NULL,
    entry    TEXT   NOT NULL,
    path     TEXT   NOT NULL,
    lang     TEXT   NOT NULL,
    title    TEXT   NOT NULL,
    hash     TEXT   NOT NULL,
    PRIMARY KEY (issue, path)
);

CREATE TABLE documents (
    issue     BIGINT NOT NULL REFERENCES issues (number),
    locale    TEXT   NOT NULL,
    subject   TEXT   NOT NULL,
    preheader TEXT   NOT NULL,
    html      TEXT   NOT NULL,
    web       TEXT   NOT NULL,
    text      TEXT   NOT NULL,
    mark      TEXT   NOT NULL,       -- of the slots in html, web and text
    PRIMARY KEY (issue, locale)
);

CREATE TABLE deliveries (
    issue       BIGINT NOT NULL REFERENCES issues (number),
    subscriber  TEXT   NOT NULL,
    locale      TEXT   NOT NULL,
    state       TEXT   NOT NULL,     -- pending, sending, accepted, refused, suppressed, uncertain
    class       TEXT   NOT NULL,     -- of the last reply that was not hoped for
    attempts    BIGINT NOT NULL,
    next_at     BIGINT NOT NULL,     -- when a pending delivery is due
    code        BIGINT NOT NULL,
    enhanced    TEXT   NOT NULL,
    reply       TEXT   NOT NULL,
    doubts      BIGINT NOT NULL,     -- how often it was in doubt
    doubted_at  BIGINT NOT NULL,     -- the last time; kept in every later state; 0: never
    doubt       TEXT   NOT NULL,     -- what was known then
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (issue, subscriber)
);

-- Partial, so that the two updates of a delivery that goes well touch no index.
CREATE INDEX deliveries_waiting ON deliveries (issue, next_at, subscriber) WHERE state = 'pending' AND next_at > 0;
CREATE INDEX deliveries_doubted ON deliveries (issue) WHERE doubted_at > 0;
CREATE INDEX deliveries_refused ON deliveries (subscriber) WHERE state = 'refused';
