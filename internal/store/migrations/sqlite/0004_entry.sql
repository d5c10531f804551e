-- By which access points and from which addresses a user may come in: words and
-- ranges with a space between, in their one form. No range allows every address.
ALTER TABLE users ADD COLUMN access_points TEXT NOT NULL DEFAULT 'WEB API ISPROXY';
ALTER TABLE users ADD COLUMN ip_rules TEXT NOT NULL DEFAULT '';
