-- Security keys and passkeys (WebAuthn), and where a session is: a key counts
-- only there.

CREATE TABLE security_keys (
  id            TEXT PRIMARY KEY,
  user_id       TEXT NOT NULL REFERENCES users (id),
  name          TEXT NOT NULL,
  rp_id         TEXT NOT NULL CHECK (rp_id <> ''), -- the site that the key is bound to
  credential_id TEXT NOT NULL UNIQUE,              -- base64url: nobody else has it, on any site
  sealed        TEXT NOT NULL,                     -- public key, with what it must not be parted from
  sign_count    INTEGER NOT NULL,
  flags         INTEGER NOT NULL,                  -- the byte of authenticator data
  transports    TEXT NOT NULL,                     -- with spaces
  aaguid        TEXT NOT NULL,
  attestation   TEXT NOT NULL,                     -- type
  format        TEXT NOT NULL,                     -- of the attestation statement
  discoverable  BOOLEAN,                           -- it can sign in alone; null: it did not say
  created_at    INTEGER NOT NULL,
  last_used_at  INTEGER,
  last_used_address TEXT NOT NULL DEFAULT '',
  last_used_for TEXT NOT NULL DEFAULT ''           -- second_factor, passkey, step_up
);
CREATE INDEX security_keys_by_user ON security_keys (user_id, rp_id, id);

-- The site at which a session was opened; empty where there is none.
ALTER TABLE sessions ADD COLUMN rp_id TEXT NOT NULL DEFAULT '';

CREATE TRIGGER security_key_added AFTER INSERT ON security_keys BEGIN
  UPDATE users SET second_factor = 'on' WHERE id = NEW.user_id;
END;
DROP TRIGGER authenticator_app_removed;
CREATE TRIGGER authenticator_app_removed AFTER DELETE ON authenticator_apps
WHEN NOT EXISTS (SELECT 1 FROM authenticator_apps WHERE user_id = OLD.user_id)
  AND NOT EXISTS (SELECT 1 FROM security_keys WHERE user_id = OLD.user_id) BEGIN
  UPDATE users SET second_factor = CASE WHEN force_mfa THEN 'forced' ELSE 'none' END WHERE id = OLD.user_id;
END;
CREATE TRIGGER security_key_removed AFTER DELETE ON security_keys
WHEN NOT EXISTS (SELECT 1 FROM authenticator_apps WHERE user_id = OLD.user_id)
  AND NOT EXISTS (SELECT 1 FROM security_keys WHERE user_id = OLD.user_id) BEGIN
  UPDATE users SET second_factor = CASE WHEN force_mfa THEN 'forced' ELSE 'none' END WHERE id = OLD.user_id;
END;
