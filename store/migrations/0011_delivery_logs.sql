CREATE TABLE "delivery_logs" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"recipient_run_id" bigint NOT NULL,
	"number" smallint NOT NULL,
	"outcome" text NOT NULL,
	"service" text NOT NULL,
	"reply" text,
	"exchanges" jsonb,
	"inserted_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "delivery_logs_message" ON "delivery_logs" USING btree ("recipient_run_id","number");