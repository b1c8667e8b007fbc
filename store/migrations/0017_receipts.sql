CREATE TABLE "receipts" (
	"recipient_run_id" bigint NOT NULL,
	"number" smallint NOT NULL,
	"due" timestamp with time zone NOT NULL,
	"asked" smallint DEFAULT 0 NOT NULL,
	CONSTRAINT "receipts_recipient_run_id_number_pk" PRIMARY KEY("recipient_run_id","number")
);
--> statement-breakpoint
CREATE INDEX "receipts_due" ON "receipts" USING btree ("due");