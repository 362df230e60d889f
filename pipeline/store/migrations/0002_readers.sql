-- +goose Up
-- The life of a subscription. An address stands in clear in its subscriber's
-- row and in the mails that wait for it, nowhere else: a suppression is the
-- status of that row or, once the row is gone, a keyed hash.

ALTER TABLE subscribers ADD COLUMN reason       TEXT   NOT NULL DEFAULT ''; -- why it is suppressed: bounced, complained
ALTER TABLE subscribers ADD COLUMN paused_until BIGINT NOT NULL DEFAULT 0;  -- nothing is sent before; 0: not paused
ALTER TABLE subscribers ADD COLUMN requested_at BIGINT NOT NULL DEFAULT 0;  -- of a request not confirmed yet; 0: none is open
ALTER TABLE subscribers ADD COLUMN mailed_at    BIGINT NOT NULL DEFAULT 0;  -- the last mail that a request of theirs caused
ALTER TABLE subscribers ADD COLUMN confirmed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE subscribers ADD COLUMN seen_at      BIGINT NOT NULL DEFAULT 0;  -- the last contact, for retention
ALTER TABLE subscribers ADD COLUMN asked_at     BIGINT NOT NULL DEFAULT 0;  -- when asked whether they want to stay; 0: answered, or never asked
ALTER TABLE subscribers ADD COLUMN left_at      BIGINT NOT NULL DEFAULT 0;

UPDATE subscribers SET confirmed_at = created_at, seen_at = created_at,
    reason = CASE WHEN status = 'suppressed' THEN 'bounced' ELSE '' END;

-- Every suppression was written for a subscriber that was refused by a server,
-- and whose status says the same.
DROP TABLE suppressions;

-- Addresses whose row is gone and that must not come back by an import.
CREATE TABLE suppressed (
    hash       TEXT   PRIMARY KEY,   -- HMAC-SHA256 of the address key
    key_id     TEXT   NOT NULL,      -- the key of the key file it was made with
    subscriber TEXT   NOT NULL,      -- whose proof of consent stays
    reason     TEXT   NOT NULL,      -- erased, purged, complained, bounced
    created_at BIGINT NOT NULL
);

-- The register of consent. Rows are added, never changed, never deleted, and
-- hold neither address nor name: they outlive the erasure of the subscriber.
CREATE TABLE consents (
    id         TEXT   PRIMARY KEY,   -- its time, then random: ids sort by time
    subscriber TEXT   NOT NULL,
    event      TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    lang       TEXT   NOT NULL,      -- of what was shown
    text_hash  TEXT   NOT NULL,      -- of what was shown; '' when nothing was
    origin     TEXT   NOT NULL,      -- form, link, one-click, mailto, import, command…
    network    TEXT   NOT NULL,      -- address prefix: v4 /24, v6 /64
    detail     TEXT   NOT NULL
);

CREATE INDEX consents_subscriber ON consents (subscriber);

CREATE TABLE consent_texts (
    hash TEXT PRIMARY KEY,           -- SHA-256, hexadecimal
    text TEXT NOT NULL
);

-- Mails that an event of a subscription, or a notice, calls for. A row is
-- written in the transaction of that event and deleted once the mail is
-- accepted, so a crash loses none.
CREATE TABLE outbox (
    id         TEXT   PRIMARY KEY,
    kind       TEXT   NOT NULL,      -- confirm, known, renew, notice
    address    TEXT   NOT NULL,
    subscriber TEXT   NOT NULL,      -- '' for a notice
    lang       TEXT   NOT NULL,
    data       TEXT   NOT NULL,      -- JSON
    created_at BIGINT NOT NULL,
    next_at    BIGINT NOT NULL,      -- when it may be tried
    attempts   BIGINT NOT NULL,
    error      TEXT   NOT NULL       -- of the last attempt
);

CREATE INDEX outbox_due ON outbox (next_at) WHERE kind NOT IN ('confirm', 'known');
CREATE INDEX outbox_asked ON outbox (next_at) WHERE kind IN ('confirm', 'known');
CREATE INDEX outbox_subscriber ON outbox (subscriber);

-- How many mails readers caused, by minute, for the hourly limit.
CREATE TABLE outbox_sent (
    minute BIGINT PRIMARY KEY,
    mails  BIGINT NOT NULL
);
