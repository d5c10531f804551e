-- How many users an account has of every kind, so that lists can tell without
-- counting. Triggers keep it, so that nothing can forget to.
CREATE TABLE user_counts (
  account_id    TEXT NOT NULL REFERENCES accounts (id),
  state         TEXT NOT NULL,
  second_factor TEXT NOT NULL,
  users         INTEGER NOT NULL,
  PRIMARY KEY (account_id, state, second_factor)
) WITHOUT ROWID;
INSERT INTO user_counts (account_id, state, second_factor, users)
  SELECT account_id, state, second_factor, COUNT(*) FROM users GROUP BY account_id, state, second_factor;

CREATE TRIGGER user_counted AFTER INSERT ON users BEGIN
  INSERT INTO user_counts (account_id, state, second_factor, users) VALUES (NEW.account_id, NEW.state, NEW.second_factor, 1)
    ON CONFLICT (account_id, state, second_factor) DO UPDATE SET users = users + 1;
END;
CREATE TRIGGER user_recounted AFTER UPDATE OF state, second_factor ON users
WHEN NEW.state <> OLD.state OR NEW.second_factor <> OLD.second_factor BEGIN
  UPDATE user_counts SET users = users - 1
    WHERE account_id = OLD.account_id AND state = OLD.state AND second_factor = OLD.second_factor;
  INSERT INTO user_counts (account_id, state, second_factor, users) VALUES (NEW.account_id, NEW.state, NEW.second_factor, 1)
    ON CONFLICT (account_id, state, second_factor) DO UPDATE SET users = users + 1;
END;
