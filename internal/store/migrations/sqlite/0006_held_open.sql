-- Holds the number open for a migration that lands beside this one; goes away when that is here.
SELECT 1;
