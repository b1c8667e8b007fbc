CREATE TABLE "preference_sets" (
	"recipient" text collate "C" NOT NULL,
	"set_id" text collate "C" NOT NULL,
	"preferences" jsonb NOT NULL,
	CONSTRAINT "preference_sets_recipient_set_id_pk" PRIMARY KEY("recipient","set_id")
);
