-- How a link got to its person, and with which rights somebody else saw it: it
-- is of no use for a user who has come to hold more than that.
ALTER TABLE activations ADD COLUMN mailed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE activations ADD COLUMN seen_with TEXT NOT NULL DEFAULT '*';  -- permissions, with spaces; *: whatever there is
ALTER TABLE activations ADD COLUMN opened_at INTEGER;                   -- when somebody first looked

-- Refusals of callers who are known are counted as well: beyond a few in a
-- minute they are gathered like those of strangers.
ALTER TABLE refusals RENAME TO refusals_before;
CREATE TABLE refusals (
  minute     INTEGER NOT NULL,
  account_id TEXT NOT NULL,            -- empty: nobody knows the caller
  actor_kind TEXT NOT NULL,
  actor_id   TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  address    TEXT NOT NULL,
  face       TEXT NOT NULL,
  operation  TEXT NOT NULL,
  reason     TEXT NOT NULL,
  times      INTEGER NOT NULL,
  PRIMARY KEY (minute, account_id, actor_kind, actor_id, address, face, operation, reason)
);
INSERT INTO refusals (minute, account_id, actor_kind, actor_id, actor_name, address, face, operation, reason, times)
  SELECT minute, '', 'anonymous', '', '', address, face, operation, reason, times FROM refusals_before;
DROP TABLE refusals_before;
