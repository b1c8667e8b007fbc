CREATE TABLE "event_offers" (
	"recipient_run_id" bigint NOT NULL,
	"event_id" uuid NOT NULL,
	CONSTRAINT "event_offers_recipient_run_id_event_id_pk" PRIMARY KEY("recipient_run_id","event_id")
);
--> statement-breakpoint
CREATE TABLE "event_waits" (
	"recipient_run_id" bigint PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"source" text,
	"recipient" text collate "C" NOT NULL,
	"until" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "events" (
	"id" uuid PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"recipients" jsonb,
	"data" jsonb NOT NULL,
	"happened_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "event_waits_for" ON "event_waits" USING btree ("kind","name","recipient");--> statement-breakpoint
CREATE INDEX "event_waits_until" ON "event_waits" USING btree ("until");--> statement-breakpoint
CREATE INDEX "events_kind" ON "events" USING btree ("kind","name","happened_at");--> statement-breakpoint
CREATE INDEX "events_happened" ON "events" USING btree ("happened_at");