/** The inference process. */
import { runService } from "@amaas/service";
import { createApp } from "./app.ts";
import { config } from "./config.ts";

await runService({ name: "inference", config, start: createApp });
