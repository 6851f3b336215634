-- A mail that a process has claimed is in doubt only from when it may leave.

-- 1: claimed, and its final dot waits until this is 0 for certain. Whatever claims without saying so
-- (a process of an older version) has it at 0.
ALTER TABLE deliveries ADD COLUMN unsent BIGINT NOT NULL DEFAULT 0;
