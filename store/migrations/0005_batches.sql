CREATE TABLE "batches" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"recipient" text collate "C" NOT NULL,
	"key" text collate "C" NOT NULL,
	"step_ref" text NOT NULL,
	"carrier" bigint,
	"is_open" boolean DEFAULT true NOT NULL,
	"items" integer DEFAULT 0 NOT NULL,
	"opened_at" timestamp with time zone NOT NULL,
	"closes_at" timestamp with time zone NOT NULL,
	"limit_at" timestamp with time zone,
	"revision" integer DEFAULT 1 NOT NULL,
	"closed_at" timestamp with time zone,
	"is_settled" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
ALTER TABLE "messages" ADD COLUMN "batch_id" bigint;--> statement-breakpoint
ALTER TABLE "messages" ADD COLUMN "batch_revision" integer;--> statement-breakpoint
ALTER TABLE "messages" ADD COLUMN "batch_rendered" integer;--> statement-breakpoint
ALTER TABLE "recipient_runs" ADD COLUMN "batch_id" bigint;--> statement-breakpoint
ALTER TABLE "recipient_runs" ADD COLUMN "batch_left" integer;--> statement-breakpoint
CREATE UNIQUE INDEX "batches_open" ON "batches" USING btree ("recipient","key") WHERE is_open;--> statement-breakpoint
CREATE INDEX "batches_unsettled" ON "batches" USING btree ("closed_at") WHERE closed_at is not null and not is_settled;--> statement-breakpoint
CREATE INDEX "recipient_runs_batch" ON "recipient_runs" USING btree ("batch_id","id") WHERE batch_id is not null;