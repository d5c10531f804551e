-- Messages that wait to be sent, and what became of them; and texts that were
-- written anew.

CREATE TABLE outbox (
  id          TEXT PRIMARY KEY,
  account_id  TEXT NOT NULL REFERENCES accounts (id),
  user_id     TEXT REFERENCES users (id), -- whom it is about; null: nobody
  kind        TEXT NOT NULL,
  channel     TEXT NOT NULL,              -- mail, sms
  recipient   TEXT NOT NULL,              -- address or number
  state       TEXT NOT NULL,              -- waiting, sending, sent, failed (and tried again), given_up, cancelled
  content     TEXT NOT NULL,              -- sealed by the vault; empty when it is over
  attempts    INTEGER NOT NULL,
  cause       TEXT NOT NULL,              -- of the last failure
  said        TEXT NOT NULL,              -- by the server
  queued_at   INTEGER NOT NULL,
  next_at     INTEGER,                    -- of the next try; null when it is over
  expires_at  INTEGER NOT NULL,
  ended_at    INTEGER,
  lease       TEXT NOT NULL               -- of whoever is sending it; next_at is then when it ends
);
CREATE INDEX outbox_by_account ON outbox (account_id, id);
CREATE INDEX outbox_by_state ON outbox (account_id, state, id);
CREATE INDEX outbox_due ON outbox (next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX outbox_by_user ON outbox (user_id) WHERE next_at IS NOT NULL;
CREATE INDEX outbox_by_end ON outbox (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE templates (
  kind       TEXT NOT NULL,
  language   TEXT NOT NULL,
  subject    TEXT NOT NULL,
  text       TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (kind, language)
) WITHOUT ROWID;
