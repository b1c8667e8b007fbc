CREATE TYPE "public"."message_status" AS ENUM('queued', 'sent', 'delivered', 'delivery_attempted', 'undelivered', 'not_sent', 'bounced');--> statement-breakpoint
CREATE TYPE "public"."signal_kind" AS ENUM('trigger', 'cancel', 'move');--> statement-breakpoint
CREATE TYPE "public"."recipient_run_status" AS ENUM('waiting', 'claimed', 'ended', 'canceled');--> statement-breakpoint
CREATE TYPE "public"."step_phase" AS ENUM('enter', 'wait');--> statement-breakpoint
CREATE TABLE "channels" (
	"key" text PRIMARY KEY NOT NULL,
	"id" uuid NOT NULL,
	"type" text NOT NULL,
	"name" text NOT NULL,
	"provider" text NOT NULL,
	"settings" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "current_definitions" (
	"key" text PRIMARY KEY NOT NULL,
	"hash" text NOT NULL,
	"active" boolean NOT NULL,
	"archived" boolean DEFAULT false NOT NULL,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "definitions" (
	"hash" text PRIMARY KEY NOT NULL,
	"key" text NOT NULL,
	"version_id" uuid NOT NULL,
	"format" smallint NOT NULL,
	"content" jsonb NOT NULL,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "environment" (
	"one" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"epoch" integer DEFAULT 1 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"scope" text NOT NULL,
	"key" text collate "C" NOT NULL,
	"hash" text NOT NULL,
	"request_id" text NOT NULL,
	"response" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_scope_key_pk" PRIMARY KEY("scope","key")
);
--> statement-breakpoint
CREATE TABLE "message_events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"recipient_run_id" bigint NOT NULL,
	"number" smallint NOT NULL,
	"type" text NOT NULL,
	"data" jsonb,
	"inserted_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "messages" (
	"recipient_run_id" bigint NOT NULL,
	"number" smallint NOT NULL,
	"step" smallint NOT NULL,
	"step_ref" text NOT NULL,
	"part" smallint DEFAULT 0 NOT NULL,
	"recipient" text collate "C" NOT NULL,
	"channel_id" uuid NOT NULL,
	"channel_type" text NOT NULL,
	"status" "message_status" NOT NULL,
	"due" timestamp with time zone,
	"revision" integer DEFAULT 1 NOT NULL,
	"attempt" smallint DEFAULT 0 NOT NULL,
	"claim" text,
	"lease_until" timestamp with time zone,
	"cancel_id" bigint,
	"content" jsonb NOT NULL,
	"reason" text,
	"external_id" text,
	"inserted_at" timestamp with time zone NOT NULL,
	"updated_at" timestamp with time zone NOT NULL,
	"settled_at" timestamp with time zone,
	"seen_at" timestamp with time zone,
	"read_at" timestamp with time zone,
	"interacted_at" timestamp with time zone,
	"link_clicked_at" timestamp with time zone,
	"archived_at" timestamp with time zone,
	CONSTRAINT "messages_recipient_run_id_number_pk" PRIMARY KEY("recipient_run_id","number")
);
--> statement-breakpoint
CREATE TABLE "pending_signals" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"run_id" bigint NOT NULL,
	"kind" "signal_kind" NOT NULL,
	"trigger_id" bigint,
	"lanes" jsonb,
	"by" text,
	"reason" text,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "objects" (
	"collection" text collate "C" NOT NULL,
	"id" text collate "C" NOT NULL,
	"properties" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "objects_collection_id_pk" PRIMARY KEY("collection","id")
);
--> statement-breakpoint
CREATE TABLE "tenants" (
	"id" text collate "C" PRIMARY KEY NOT NULL,
	"properties" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" text collate "C" PRIMARY KEY NOT NULL,
	"properties" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "recipient_run_events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"recipient_run_id" bigint NOT NULL,
	"event" text NOT NULL,
	"status" text NOT NULL,
	"step" smallint NOT NULL,
	"attempt" smallint DEFAULT 0 NOT NULL,
	"data" jsonb,
	"inserted_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "recipient_runs" (
	"id" bigint PRIMARY KEY NOT NULL,
	"recipient" text collate "C" NOT NULL,
	"status" "recipient_run_status" DEFAULT 'waiting' NOT NULL,
	"step" smallint NOT NULL,
	"phase" "step_phase" NOT NULL,
	"entered_at" timestamp with time zone NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	"attempt" smallint DEFAULT 0 NOT NULL,
	"due" timestamp with time zone,
	"claim" text,
	"lease_until" timestamp with time zone,
	"messages" smallint DEFAULT 0 NOT NULL,
	"error_count" smallint DEFAULT 0 NOT NULL,
	"reason" text,
	"cancel_id" bigint,
	"definition_hash" text,
	"state" jsonb,
	"trigger_data" jsonb,
	"updated_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "cancels" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"run_id" bigint NOT NULL,
	"api_key" text NOT NULL,
	"reason" text,
	"created_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "runs" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"workflow_id" text collate "C" NOT NULL,
	"definition_key" text NOT NULL,
	"cancelation_key" text collate "C",
	"generation" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	"reloaded_at" timestamp with time zone,
	CONSTRAINT "runs_workflow_id_unique" UNIQUE("workflow_id")
);
--> statement-breakpoint
CREATE TABLE "triggers" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"workflow_run_id" uuid NOT NULL,
	"run_id" bigint NOT NULL,
	"generation" integer NOT NULL,
	"definition_hash" text NOT NULL,
	"actor" text,
	"tenant" text,
	"data" jsonb NOT NULL,
	"data_size" integer NOT NULL,
	"skip_delay" boolean DEFAULT false NOT NULL,
	"sandbox_mode" boolean DEFAULT false NOT NULL,
	"next_due" timestamp with time zone,
	"recipient_count" integer NOT NULL,
	"api_key" text NOT NULL,
	"accepted_at" timestamp with time zone NOT NULL,
	"temporal_run_id" text,
	CONSTRAINT "triggers_workflow_run_id_unique" UNIQUE("workflow_run_id")
);
--> statement-breakpoint
CREATE TABLE "webhook_events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"event_id" uuid NOT NULL,
	"endpoint" text NOT NULL,
	"type" text NOT NULL,
	"recipient_run_id" bigint NOT NULL,
	"number" smallint,
	"data" jsonb,
	"created_at" timestamp with time zone NOT NULL,
	"attempt" smallint DEFAULT 0 NOT NULL,
	"due" timestamp with time zone DEFAULT now() NOT NULL,
	"reason" text,
	"given_up_at" timestamp with time zone
);
--> statement-breakpoint
CREATE INDEX "definitions_key" ON "definitions" USING btree ("key");--> statement-breakpoint
CREATE INDEX "idempotency_keys_age" ON "idempotency_keys" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "message_events_message" ON "message_events" USING btree ("recipient_run_id","number");--> statement-breakpoint
CREATE INDEX "messages_recipient" ON "messages" USING btree ("recipient","inserted_at","recipient_run_id","number");--> statement-breakpoint
CREATE INDEX "messages_inserted" ON "messages" USING btree ("inserted_at","recipient_run_id","number");--> statement-breakpoint
CREATE INDEX "pending_signals_run" ON "pending_signals" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "recipient_run_events_run" ON "recipient_run_events" USING btree ("recipient_run_id");--> statement-breakpoint
CREATE INDEX "recipient_runs_recipient" ON "recipient_runs" USING btree ("recipient","id");--> statement-breakpoint
CREATE INDEX "triggers_run" ON "triggers" USING btree ("run_id","generation","id");--> statement-breakpoint
CREATE INDEX "triggers_next_due" ON "triggers" USING btree ("run_id","next_due") WHERE next_due is not null;--> statement-breakpoint
CREATE INDEX "triggers_overdue" ON "triggers" USING btree ("next_due") WHERE next_due is not null;--> statement-breakpoint
CREATE INDEX "webhook_events_due" ON "webhook_events" USING btree ("endpoint","due","id") WHERE given_up_at is null;