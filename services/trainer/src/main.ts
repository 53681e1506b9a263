/** The trainer: prepares data, computes gradients, packages models. */
import { runService } from "@amaas/service";
import { createApp } from "./app.ts";
import { config } from "./config.ts";

await runService({ name: "trainer", config, start: createApp });
