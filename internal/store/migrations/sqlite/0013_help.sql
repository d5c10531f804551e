-- Requests for help by people who cannot get in, and the code by which somebody
-- on the telephone shows that the registered mobile number is theirs.

CREATE TABLE help_requests (
  id             TEXT PRIMARY KEY,
  account_id     TEXT NOT NULL REFERENCES accounts (id),
  user_id        TEXT NOT NULL REFERENCES users (id), -- who cannot get in
  admin_user     BOOLEAN NOT NULL,        -- then the operator helps, else the account's administrators
  state          TEXT NOT NULL,           -- open, helped, declined, over
  password_shown BOOLEAN NOT NULL,        -- else anybody may have written it
  recorded_by    TEXT NOT NULL,           -- the operator who wrote it down on the telephone; empty: it came from the sign-in
  what           TEXT NOT NULL,           -- happened, in the person's words
  reach          TEXT NOT NULL,           -- how to reach the person
  times          INTEGER NOT NULL,        -- it was asked for
  asked_at       INTEGER NOT NULL,
  last_asked_at  INTEGER NOT NULL,
  face           TEXT NOT NULL,
  address        TEXT NOT NULL,
  program        TEXT NOT NULL,
  closed_at      INTEGER,
  closed_by      TEXT NOT NULL DEFAULT '',
  reason         TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX help_requests_open ON help_requests (user_id) WHERE state = 'open';
CREATE INDEX help_requests_by_account ON help_requests (account_id, id);
CREATE INDEX help_requests_of_admin_users ON help_requests (id) WHERE admin_user;
CREATE INDEX help_requests_by_end ON help_requests (closed_at) WHERE closed_at IS NOT NULL;

CREATE TABLE caller_proofs (
  request_id TEXT PRIMARY KEY REFERENCES help_requests (id),
  operator   TEXT NOT NULL,    -- who had the code sent, and alone may type it
  digest     TEXT NOT NULL,    -- of the code, keyed; empty: it was used, or guessed at too often
  number     TEXT NOT NULL,    -- it went to; another one by now makes it worthless
  sent_at    INTEGER NOT NULL,
  expires_at INTEGER NOT NULL, -- of the code; when it was right, of the proof
  tries      INTEGER NOT NULL, -- wrong ones
  proven_at  INTEGER           -- null: not yet
);

-- Since when a number has been the registered one; null: from the beginning.
ALTER TABLE users ADD COLUMN mobile_changed_at INTEGER;
ALTER TABLE accounts ADD COLUMN mobile_changed_at INTEGER;
