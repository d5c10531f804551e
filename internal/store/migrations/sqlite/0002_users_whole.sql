-- Users whole: what lists are filtered and sorted by, and settings.

-- How a user stands with second factors, for lists alone: sign-in looks at the
-- factors themselves. Triggers keep it, so that nothing can forget to.
ALTER TABLE users ADD COLUMN second_factor TEXT NOT NULL DEFAULT 'none'; -- on, forced (and missing), none
UPDATE users SET second_factor = 'forced' WHERE force_mfa;
UPDATE users SET second_factor = 'on' WHERE id IN (SELECT user_id FROM authenticator_apps);

CREATE TRIGGER authenticator_app_added AFTER INSERT ON authenticator_apps BEGIN
  UPDATE users SET second_factor = 'on' WHERE id = NEW.user_id;
END;
CREATE TRIGGER authenticator_app_removed AFTER DELETE ON authenticator_apps
WHEN NOT EXISTS (SELECT 1 FROM authenticator_apps WHERE user_id = OLD.user_id) BEGIN
  UPDATE users SET second_factor = CASE WHEN force_mfa THEN 'forced' ELSE 'none' END WHERE id = OLD.user_id;
END;
CREATE TRIGGER force_mfa_changed AFTER UPDATE OF force_mfa ON users
WHEN NEW.second_factor <> 'on' BEGIN
  UPDATE users SET second_factor = CASE WHEN force_mfa THEN 'forced' ELSE 'none' END WHERE id = NEW.id;
END;

CREATE INDEX users_by_factor ON users (account_id, second_factor, name_folded, id, state);
CREATE INDEX users_by_login ON users (account_id, login_folded, id);
CREATE INDEX users_by_age ON users (account_id, created_at, id);
CREATE INDEX users_by_seen ON users (account_id, coalesce(last_seen_at, 0), id);

-- The holders of a role in order of names, for lists of them.
ALTER TABLE user_roles ADD COLUMN name_folded TEXT NOT NULL DEFAULT '';
UPDATE user_roles SET name_folded = (SELECT u.name_folded FROM users u WHERE u.id = user_id);
DROP INDEX user_roles_by_role;
CREATE INDEX user_roles_by_role ON user_roles (role_id, name_folded, user_id);

CREATE TABLE settings (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;
