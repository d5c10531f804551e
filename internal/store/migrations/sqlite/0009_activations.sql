-- How a link got to its person, and with which rights somebody else saw it: it
-- is of no use for a user who has come to hold more than that.
ALTER TABLE activations ADD COLUMN mailed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE activations ADD COLUMN seen_with TEXT NOT NULL DEFAULT '*';  -- permissions, with spaces; *: whatever there is
ALTER TABLE activations ADD COLUMN opened_at INTEGER;                   -- when somebody first looked
