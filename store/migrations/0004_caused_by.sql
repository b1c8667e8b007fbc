ALTER TABLE "triggers" ADD COLUMN "caused_by_row" bigint;--> statement-breakpoint
ALTER TABLE "triggers" ADD COLUMN "caused_by_step" smallint;--> statement-breakpoint
ALTER TABLE "triggers" ADD COLUMN "depth" smallint DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "triggers_cause" ON "triggers" USING btree ("caused_by_row","caused_by_step") WHERE caused_by_row is not null;