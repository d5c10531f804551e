-- What accounts show to the registrar's API behind the gateway, and calls that
-- were sent on and of which no answer is known yet.

CREATE TABLE upstreams (
  account_id   TEXT PRIMARY KEY REFERENCES accounts (id),
  credential   TEXT NOT NULL,              -- sealed by the vault
  set_at       INTEGER NOT NULL,
  set_by       TEXT NOT NULL,              -- the name at the time
  last_used_at INTEGER,
  last_status  INTEGER NOT NULL DEFAULT 0  -- of the last answer; 0: none came
);

CREATE TABLE gateway_calls (
  id         TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id),
  holder     TEXT NOT NULL,                -- the process that waits for the answer
  until      INTEGER NOT NULL,             -- when it is taken for dead, unless it says that it lives
  call       TEXT NOT NULL                 -- JSON, for the record of what became of it
);
CREATE INDEX gateway_calls_by_end ON gateway_calls (until, id);
CREATE INDEX gateway_calls_by_holder ON gateway_calls (holder);
