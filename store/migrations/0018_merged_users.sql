CREATE TABLE "merged_users" (
	"from_id" text collate "C" PRIMARY KEY NOT NULL,
	"into_id" text collate "C" NOT NULL,
	"merged_at" timestamp with time zone NOT NULL,
	"moved_at" timestamp with time zone
);
--> statement-breakpoint
CREATE INDEX "merged_users_into" ON "merged_users" USING btree ("into_id");--> statement-breakpoint
CREATE INDEX "merged_users_unmoved" ON "merged_users" USING btree ("merged_at") WHERE moved_at is null;