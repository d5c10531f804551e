-- API keys, and whether a user's password still works on API and ISProxy (K5).

CREATE TABLE api_keys (
  id           TEXT PRIMARY KEY,
  account_id   TEXT NOT NULL REFERENCES accounts (id),
  user_id      TEXT NOT NULL REFERENCES users (id),
  description  TEXT NOT NULL,
  description_folded TEXT NOT NULL,
  shown        TEXT NOT NULL,          -- beginning of the secret
  digest       TEXT NOT NULL UNIQUE,   -- of the secret, keyed
  channels     TEXT NOT NULL,          -- API, ISPROXY, with a space between
  ip_rules     TEXT NOT NULL,          -- ranges with spaces; empty: from anywhere
  permissions  TEXT NOT NULL,          -- with spaces
  domains      TEXT NOT NULL,          -- patterns with spaces
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  successor_id TEXT,                   -- took its place
  last_used_at INTEGER,
  last_address TEXT NOT NULL DEFAULT '',
  last_program TEXT NOT NULL DEFAULT ''
);
CREATE INDEX api_keys_by_user ON api_keys (user_id, id);
CREATE INDEX api_keys_by_account ON api_keys (account_id, id);
CREATE INDEX api_keys_by_end ON api_keys (expires_at);

CREATE TABLE api_key_uses (
  key_id TEXT NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
  day    TEXT NOT NULL,                -- UTC
  uses   INTEGER NOT NULL,
  PRIMARY KEY (key_id, day)
) WITHOUT ROWID;

-- From a user's first key or second factor on; only an administrator undoes it.
ALTER TABLE users ADD COLUMN passwords_shut BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE users SET passwords_shut = TRUE WHERE EXISTS (SELECT 1 FROM authenticator_apps f WHERE f.user_id = users.id);
