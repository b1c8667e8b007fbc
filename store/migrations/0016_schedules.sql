CREATE TABLE "schedules" (
	"id" uuid PRIMARY KEY NOT NULL,
	"workflow" text NOT NULL,
	"recipient" text collate "C" NOT NULL,
	"actor" text collate "C",
	"tenant" text collate "C",
	"data" jsonb NOT NULL,
	"cancelation_key" text collate "C",
	"scheduled_at" timestamp with time zone,
	"ending_at" timestamp with time zone,
	"repeats" jsonb NOT NULL,
	"zone" text NOT NULL,
	"last_occurrence_at" timestamp with time zone,
	"next_occurrence_at" timestamp with time zone,
	"api_key" text NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	"synced_revision" integer,
	"synced_at" timestamp with time zone,
	"deleted_at" timestamp with time zone,
	"inserted_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "triggers" ADD COLUMN "schedule_id" uuid;--> statement-breakpoint
CREATE INDEX "schedules_recipient" ON "schedules" USING btree ("recipient","inserted_at","id");--> statement-breakpoint
CREATE INDEX "schedules_workflow" ON "schedules" USING btree ("workflow","inserted_at","id");--> statement-breakpoint
CREATE INDEX "schedules_due" ON "schedules" USING btree ("next_occurrence_at") WHERE next_occurrence_at is not null and deleted_at is null;--> statement-breakpoint
CREATE INDEX "schedules_unsynced" ON "schedules" USING btree ("updated_at") WHERE synced_revision is distinct from revision;