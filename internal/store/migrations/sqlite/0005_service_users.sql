-- Service users: programs with a name of their own. second_factor = 'service'
-- says that a user is one, so that what counts and lists users by how they stand
-- with second factors tells the two kinds apart as well.
--
-- The conditions are what a service user is by construction: it has an owner and
-- an end, no password, nothing that a second factor could be demanded for, and
-- it is never the first of an account. Nobody becomes one, and none becomes a
-- person: the owner would have to come or go with it.
ALTER TABLE users ADD COLUMN owner_id TEXT REFERENCES users (id)
  CHECK ((owner_id IS NOT NULL) = (second_factor = 'service'))
  CHECK (owner_id IS NULL OR password_hash = '' AND NOT force_mfa AND NOT admin_user AND owner_id <> id);
ALTER TABLE users ADD COLUMN expires_on TEXT NOT NULL DEFAULT '' -- its last day, 2027-03-01
  CHECK ((expires_on <> '') = (owner_id IS NOT NULL));
ALTER TABLE users ADD COLUMN purpose TEXT NOT NULL DEFAULT '';
CREATE INDEX users_by_owner ON users (owner_id, name_folded, id) WHERE owner_id IS NOT NULL;

-- Whether a second factor is forced says nothing of a service user.
DROP TRIGGER force_mfa_changed;
CREATE TRIGGER force_mfa_changed AFTER UPDATE OF force_mfa ON users
WHEN NEW.second_factor IN ('forced', 'none') BEGIN
  UPDATE users SET second_factor = CASE WHEN force_mfa THEN 'forced' ELSE 'none' END WHERE id = NEW.id;
END;

-- Nobody signs in as one, whatever asks for it.
CREATE TRIGGER service_user_signs_in BEFORE INSERT ON sessions
WHEN EXISTS (SELECT 1 FROM users u WHERE u.id = NEW.user_id AND u.owner_id IS NOT NULL) BEGIN
  SELECT RAISE(ABORT, 'a service user cannot sign in');
END;
CREATE TRIGGER service_user_activated BEFORE INSERT ON activations
WHEN EXISTS (SELECT 1 FROM users u WHERE u.id = NEW.user_id AND u.owner_id IS NOT NULL) BEGIN
  SELECT RAISE(ABORT, 'a service user is not activated');
END;

-- Both of these act on one change of state and force_mfa, in an order that is
-- nobody's promise: what is taken away may be counted before what is added.
DROP TRIGGER user_recounted;
CREATE TRIGGER user_recounted AFTER UPDATE OF state, second_factor ON users
WHEN NEW.state <> OLD.state OR NEW.second_factor <> OLD.second_factor BEGIN
  INSERT INTO user_counts (account_id, state, second_factor, users) VALUES (OLD.account_id, OLD.state, OLD.second_factor, -1)
    ON CONFLICT (account_id, state, second_factor) DO UPDATE SET users = users - 1;
  INSERT INTO user_counts (account_id, state, second_factor, users) VALUES (NEW.account_id, NEW.state, NEW.second_factor, 1)
    ON CONFLICT (account_id, state, second_factor) DO UPDATE SET users = users + 1;
END;
