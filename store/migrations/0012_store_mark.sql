ALTER TABLE "environment" ADD COLUMN "counter" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "environment" ADD COLUMN "counted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "environment" ADD COLUMN "told_epoch" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "environment" ADD COLUMN "told_run" bigint DEFAULT 0 NOT NULL;