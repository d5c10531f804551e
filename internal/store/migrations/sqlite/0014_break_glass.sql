-- Break-glass codes: for the admin user of an account who lost every second
-- factor. One set at a time; one that was used stays, empty, to tell of it.

CREATE TABLE break_glass (
  user_id    TEXT PRIMARY KEY REFERENCES users (id), -- the admin user
  id         TEXT NOT NULL UNIQUE,
  needed     INTEGER NOT NULL, -- as people are told; what counts is sealed
  holders    TEXT NOT NULL,    -- a JSON list of names, some of them empty
  sealed     TEXT NOT NULL,    -- the digests, with what they must not be parted from; empty once it was used
  created_at INTEGER NOT NULL,
  used_at    INTEGER
) WITHOUT ROWID;
