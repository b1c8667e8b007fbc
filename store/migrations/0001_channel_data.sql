CREATE TABLE "channel_data" (
	"recipient" text collate "C" NOT NULL,
	"channel_id" uuid NOT NULL,
	"data" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "channel_data_recipient_channel_id_pk" PRIMARY KEY("recipient","channel_id")
);
