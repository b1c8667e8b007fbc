CREATE TABLE "subscriptions" (
	"object" text collate "C" NOT NULL,
	"recipient" text collate "C" NOT NULL,
	"properties" jsonb NOT NULL,
	"inserted_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	CONSTRAINT "subscriptions_object_recipient_pk" PRIMARY KEY("object","recipient")
);
--> statement-breakpoint
ALTER TABLE "recipient_runs" ADD COLUMN "via" jsonb;--> statement-breakpoint
CREATE INDEX "subscriptions_recipient" ON "subscriptions" USING btree ("recipient","object");