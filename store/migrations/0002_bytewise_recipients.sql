ALTER TABLE "messages" ALTER COLUMN "recipient" SET DATA TYPE text collate "C";--> statement-breakpoint
ALTER TABLE "recipient_runs" ALTER COLUMN "recipient" SET DATA TYPE text collate "C";--> statement-breakpoint
-- Each row is settled at least once: room beside it keeps the new version on its page, and the indexes untouched.
ALTER TABLE "recipient_runs" SET (fillfactor = 60);
