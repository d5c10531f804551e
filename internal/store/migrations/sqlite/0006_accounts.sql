-- Accounts whole: what lists are searched, filtered and sorted by, and policies.

-- Folded in Go, which does it for accounts that are here already at the next
-- start; until then they are empty.
ALTER TABLE accounts ADD COLUMN name_folded TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN search TEXT NOT NULL DEFAULT '';           -- folded name and handle
ALTER TABLE accounts ADD COLUMN force_mfa BOOLEAN NOT NULL DEFAULT FALSE;  -- by an administrator, of everybody
ALTER TABLE accounts ADD COLUMN mfa_from TEXT NOT NULL DEFAULT '';         -- the operator's day, 2027-03-01; empty: none
ALTER TABLE accounts ADD COLUMN api_passwords BOOLEAN NOT NULL DEFAULT FALSE;

-- mfa_policy may be by_opening_date now, which is what nobody decided otherwise
-- about: 1588291200000 is the first of May 2020.
UPDATE accounts SET mfa_policy = 'by_opening_date'
  WHERE mfa_policy = CASE WHEN opened_at >= 1588291200000 THEN 'required' ELSE 'recommended' END;

-- Lists walk these in order; they hold what searches and filters look at.
CREATE INDEX accounts_by_name ON accounts (name_folded, id, state, mfa_policy, opened_at, search);
CREATE INDEX accounts_by_handle ON accounts (handle, id, state, mfa_policy, opened_at, search);
CREATE INDEX accounts_by_opening ON accounts (opened_at, id, state, mfa_policy, search);
