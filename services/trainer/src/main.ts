/** The trainer: prepares data, computes gradients, packages models. */
import { allowGarbage, compileLoopsApart, runService } from "@amaas/service";
import { createApp } from "./app.ts";
import { config } from "./config.ts";

allowGarbage();
compileLoopsApart();
await runService({ name: "trainer", config, start: createApp });
