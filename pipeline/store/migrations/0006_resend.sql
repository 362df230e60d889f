-- +goose Up
-- A corrected issue that is sent again is a row of its own beside the issue,
-- with documents, deliveries and ranges of its own, so that the first sending
-- keeps its record. Its number is below nought, and so is its slot: it has no
-- place in the order of issues, and only the ledger knows it by that number.
ALTER TABLE issues ADD COLUMN corrects BIGINT NOT NULL DEFAULT 0; -- the issue that it sends again; 0: it is an issue
ALTER TABLE issues ADD COLUMN revision BIGINT NOT NULL DEFAULT 0; -- which correction of it
CREATE UNIQUE INDEX issues_resent ON issues (corrects, revision) WHERE corrects > 0;

-- The mail that a correction would send, frozen with its page. A revision from
-- before has none.
ALTER TABLE revisions ADD COLUMN subject   TEXT NOT NULL DEFAULT '';
ALTER TABLE revisions ADD COLUMN preheader TEXT NOT NULL DEFAULT '';
ALTER TABLE revisions ADD COLUMN html      TEXT NOT NULL DEFAULT '';
ALTER TABLE revisions ADD COLUMN text      TEXT NOT NULL DEFAULT '';
