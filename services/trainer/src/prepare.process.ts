/** The process behind a prepare task: it opens files that anybody may have made. */
import { serveThread } from "@amaas/engine";
import type { Prepared } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { type PrepareArguments, prepare } from "./prepare.ts";

export interface PrepareApi {
  prepare(args: PrepareArguments): Promise<Prepared>;
}

serveThread<PrepareApi>({ prepare });
