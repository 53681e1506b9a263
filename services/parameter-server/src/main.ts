/** The parameter server: holds ranges of jobs' parameters and applies gradients to them. */
import { allowGarbage, compileLoopsApart, runService } from "@amaas/service";
import { createApp } from "./app.ts";
import { config } from "./config.ts";

allowGarbage();
compileLoopsApart();
await runService({ name: "parameter-server", config, start: createApp });
