-- How many of the refusals of a minute have a record of their own, so that the
-- one which is written for the others counts nobody twice and leaves nobody out.
-- Up to now the first twenty of known callers had one.
ALTER TABLE refusals ADD COLUMN told BIGINT NOT NULL DEFAULT 0;
UPDATE refusals SET told = CASE WHEN times < 20 THEN times ELSE 20 END WHERE account_id <> '';
