-- Each row is written again when its walk goes on, all of a page at about the same time: the new versions find room beside
-- the old ones, so that no index is touched. Pages that are full already stay as they are until they are rewritten.
ALTER TABLE "recipient_runs" SET (fillfactor = 50);
