CREATE TABLE "api_keys" (
	"name" text collate "C" PRIMARY KEY NOT NULL,
	"hash" text NOT NULL,
	"hint" text NOT NULL,
	"scopes" jsonb NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"revoked_at" timestamp with time zone,
	CONSTRAINT "api_keys_hash_unique" UNIQUE("hash")
);
--> statement-breakpoint
CREATE TABLE "rate_limits" (
	"subject" text collate "C" PRIMARY KEY NOT NULL,
	"starts_at" timestamp with time zone NOT NULL,
	"taken" integer NOT NULL
);
