CREATE TABLE "throttles" (
	"recipient" text collate "C" NOT NULL,
	"throttle" text NOT NULL,
	"ends_at" timestamp with time zone NOT NULL,
	"passes" jsonb NOT NULL,
	CONSTRAINT "throttles_recipient_throttle_pk" PRIMARY KEY("recipient","throttle")
);
--> statement-breakpoint
CREATE INDEX "throttles_over" ON "throttles" USING btree ("ends_at");