DROP INDEX "triggers_run";--> statement-breakpoint
CREATE INDEX "triggers_run" ON "triggers" USING btree ("run_id","generation","id");