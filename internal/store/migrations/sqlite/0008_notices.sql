-- What people were told about their own sign-in; from which networks they
-- signed in before; and which expired link or code may ask for a new one.

CREATE TABLE notices (
  id      TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  kind    TEXT NOT NULL,
  by_kind TEXT NOT NULL,              -- oneself, colleague, console, machine
  by_name TEXT NOT NULL,
  face    TEXT NOT NULL,
  address TEXT NOT NULL,
  program TEXT NOT NULL,
  facts   TEXT NOT NULL,              -- what the words speak of, as JSON
  at      INTEGER NOT NULL,
  read_at INTEGER
);
CREATE INDEX notices_by_user ON notices (user_id, id);
CREATE INDEX notices_unread ON notices (user_id) WHERE read_at IS NULL;
CREATE INDEX notices_by_time ON notices (at);

CREATE TABLE networks (
  user_id TEXT NOT NULL REFERENCES users (id),
  digest  TEXT NOT NULL,              -- of user and network, keyed
  last_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, digest)
) WITHOUT ROWID;
CREATE INDEX networks_by_time ON networks (last_at);

-- The digest of the expired link or code with which this one was asked for;
-- empty when somebody made it.
ALTER TABLE activations ADD COLUMN asked_with TEXT NOT NULL DEFAULT '';
CREATE INDEX activations_by_asker ON activations (asked_with) WHERE asked_with <> '';
