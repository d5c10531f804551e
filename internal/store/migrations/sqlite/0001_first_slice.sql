-- The first schema. Times are milliseconds since 1970 UTC. Text that people
-- search is kept a second time, folded (case and accents removed).

CREATE TABLE installation (
  only        INTEGER PRIMARY KEY CHECK (only = 1),
  id          TEXT NOT NULL,
  key_check   TEXT NOT NULL,
  practice    BOOLEAN NOT NULL,
  operator_id TEXT,                 -- the operator account; null until set-up
  created_at  INTEGER NOT NULL
);

-- Numbers that other processes watch: 'rights' moves with every change of a right.
CREATE TABLE counters (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
);
INSERT INTO counters (name, value) VALUES ('rights', 0);

CREATE TABLE accounts (
  row        INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE,
  handle     TEXT NOT NULL UNIQUE,
  name       TEXT NOT NULL,
  email      TEXT NOT NULL,
  mobile     TEXT NOT NULL,
  state      TEXT NOT NULL,         -- open, suspended, closed
  mfa_policy TEXT NOT NULL,         -- required, recommended
  opened_at  INTEGER NOT NULL,
  created_at INTEGER NOT NULL
);

CREATE TABLE roles (
  id          TEXT PRIMARY KEY,
  account_id  TEXT NOT NULL REFERENCES accounts (id),
  name        TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  description TEXT NOT NULL,
  built_in    TEXT NOT NULL,        -- admin, all, or empty
  created_at  INTEGER NOT NULL,
  UNIQUE (account_id, name_folded)
);

CREATE TABLE role_permissions (
  role_id    TEXT NOT NULL REFERENCES roles (id),
  permission TEXT NOT NULL,
  PRIMARY KEY (role_id, permission)
) WITHOUT ROWID;

CREATE TABLE users (
  row           INTEGER PRIMARY KEY,
  id            TEXT NOT NULL UNIQUE,
  account_id    TEXT NOT NULL REFERENCES accounts (id),
  login         TEXT NOT NULL,
  login_folded  TEXT NOT NULL UNIQUE, -- also of deleted users: a login is never used again
  name          TEXT NOT NULL,
  name_folded   TEXT NOT NULL,
  search        TEXT NOT NULL,        -- folded name, login and e-mail
  email         TEXT NOT NULL,
  mobile        TEXT NOT NULL,
  language      TEXT NOT NULL,
  state         TEXT NOT NULL,        -- invited, active, deactivated, deleted
  admin_user    BOOLEAN NOT NULL,
  force_mfa     BOOLEAN NOT NULL,
  password_hash TEXT NOT NULL,        -- PHC text; empty until activation
  created_at    INTEGER NOT NULL,
  last_seen_at  INTEGER
);
-- Lists walk these in order of names; they hold what searches look at.
CREATE INDEX users_by_name ON users (account_id, name_folded, id, state, search);
CREATE INDEX users_by_state ON users (account_id, state, name_folded, id, search);
CREATE UNIQUE INDEX users_admin ON users (account_id) WHERE admin_user;

-- The n-grams of users.search, each with the account's number in front: two
-- letters find a needle in a million without leaving the account.
CREATE VIRTUAL TABLE user_grams USING fts5 (
  grams, content = '', contentless_delete = 1, detail = none,
  tokenize = "ascii tokenchars '@._+-~'"
);

CREATE TABLE user_roles (
  user_id TEXT NOT NULL REFERENCES users (id),
  role_id TEXT NOT NULL REFERENCES roles (id),
  PRIMARY KEY (user_id, role_id)
) WITHOUT ROWID;
CREATE INDEX user_roles_by_role ON user_roles (role_id);

CREATE TABLE activations (
  user_id         TEXT PRIMARY KEY REFERENCES users (id), -- a newer one replaces the older
  purpose         TEXT NOT NULL,     -- activate, new_password
  token_digest    TEXT NOT NULL UNIQUE,
  code_digest     TEXT NOT NULL UNIQUE,
  created_at      INTEGER NOT NULL,
  link_expires_at INTEGER NOT NULL,
  code_expires_at INTEGER NOT NULL
);

CREATE TABLE authenticator_apps (
  id                TEXT PRIMARY KEY,
  user_id           TEXT NOT NULL REFERENCES users (id),
  name              TEXT NOT NULL,
  secret            TEXT NOT NULL,   -- sealed by the vault
  last_step         INTEGER NOT NULL,
  created_at        INTEGER NOT NULL,
  last_used_at      INTEGER,
  last_used_address TEXT NOT NULL
);
CREATE INDEX authenticator_apps_by_user ON authenticator_apps (user_id);

CREATE TABLE recovery_codes (
  user_id TEXT NOT NULL REFERENCES users (id),
  digest  TEXT NOT NULL,
  used_at INTEGER,
  PRIMARY KEY (user_id, digest)
) WITHOUT ROWID;

CREATE TABLE sessions (
  id              TEXT PRIMARY KEY,
  token_digest    TEXT NOT NULL UNIQUE,
  user_id         TEXT NOT NULL REFERENCES users (id),
  face            TEXT NOT NULL,
  means           TEXT NOT NULL,
  address         TEXT NOT NULL,
  program         TEXT NOT NULL,
  signed_in_at    INTEGER NOT NULL,
  stepped_up_at   INTEGER NOT NULL,
  last_seen_at    INTEGER NOT NULL,
  ends_at         INTEGER NOT NULL,
  previous_digest TEXT UNIQUE,       -- the id before the last change of it, for calls under way
  previous_until  INTEGER NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);

-- Acts of several steps (set-up, second factor at sign-in, enrolment): the
-- state between the steps, sealed; deleted and returned in one statement.
CREATE TABLE ceremonies (
  digest     TEXT PRIMARY KEY,
  kind       TEXT NOT NULL,
  data       TEXT NOT NULL,          -- sealed by the vault
  attempts   INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX ceremonies_by_expiry ON ceremonies (expires_at);

-- Wrong guesses per login (known or not), per user's second factors, per address.
CREATE TABLE throttles (
  subject       TEXT PRIMARY KEY,
  failures      INTEGER NOT NULL,
  blocked_until INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX throttles_by_age ON throttles (updated_at);

-- Refusals of callers nobody knows, gathered until their minute is over.
CREATE TABLE refusals (
  minute    INTEGER NOT NULL,
  address   TEXT NOT NULL,
  face      TEXT NOT NULL,
  operation TEXT NOT NULL,
  reason    TEXT NOT NULL,
  times     INTEGER NOT NULL,
  PRIMARY KEY (minute, address, face, operation, reason)
) WITHOUT ROWID;

-- The activity log: leaf is what the tree hashes, the other columns repeat
-- what lists filter by.
CREATE TABLE activity (
  seq        INTEGER PRIMARY KEY,
  account_id TEXT NOT NULL,
  at         INTEGER NOT NULL,
  event      TEXT NOT NULL,
  outcome    TEXT NOT NULL,
  actor_id   TEXT NOT NULL,
  object_id  TEXT NOT NULL,
  leaf       TEXT NOT NULL
);
CREATE INDEX activity_by_account ON activity (account_id, seq);
CREATE INDEX activity_by_actor ON activity (actor_id, seq);
CREATE INDEX activity_by_object ON activity (object_id, seq);

CREATE TABLE log_hashes (
  idx  INTEGER PRIMARY KEY,
  hash BLOB NOT NULL
);

-- The newest signed checkpoint, replaced with every commit.
CREATE TABLE log_head (
  only       INTEGER PRIMARY KEY CHECK (only = 1),
  size       INTEGER NOT NULL,
  at         INTEGER NOT NULL,
  checkpoint TEXT NOT NULL
);

-- Checkpoints kept for good: every hundred records or five minutes.
CREATE TABLE checkpoints (
  size       INTEGER PRIMARY KEY,
  at         INTEGER NOT NULL,
  checkpoint TEXT NOT NULL
);
