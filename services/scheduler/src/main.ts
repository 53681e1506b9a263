/** The scheduler's process. */
import { runService } from "@amaas/service";
import { createApp } from "./app.ts";
import { configTable } from "./config.ts";

await runService({ name: "scheduler", config: configTable, start: createApp });
