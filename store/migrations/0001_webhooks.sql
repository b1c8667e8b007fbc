CREATE TABLE "environment" (
	"one" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"id" uuid DEFAULT gen_random_uuid() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "webhook_events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"event_id" uuid NOT NULL,
	"endpoint" text NOT NULL,
	"type" text NOT NULL,
	"recipient_run_id" bigint NOT NULL,
	"step" smallint,
	"data" jsonb,
	"created_at" timestamp with time zone NOT NULL,
	"attempt" smallint DEFAULT 0 NOT NULL,
	"due" timestamp with time zone DEFAULT now() NOT NULL,
	"reason" text,
	"given_up_at" timestamp with time zone
);
--> statement-breakpoint
CREATE INDEX "webhook_events_due" ON "webhook_events" USING btree ("endpoint","due","id") WHERE given_up_at is null;