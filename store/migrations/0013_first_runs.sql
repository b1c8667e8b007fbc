CREATE TABLE "first_runs" (
	"definition_key" text NOT NULL,
	"recipient" text collate "C" NOT NULL,
	"tenant" text collate "C" NOT NULL,
	"recipient_run_id" bigint NOT NULL,
	CONSTRAINT "first_runs_definition_key_recipient_tenant_pk" PRIMARY KEY("definition_key","recipient","tenant")
);
