/** What a running suite looks like to the person in front of it. */
import { resolve } from "node:path";
import type { Exit, Suite } from "@amaas/suite";
import { duration } from "./terminal/figures.ts";
import type { Style } from "./terminal/style.ts";
import { table } from "./terminal/table.ts";

export function endpointTable(suite: Suite, style: Style): string[] {
  return table(
    [{ title: "PROCESS" }, { title: "GRPC" }, { title: "METRICS AND HEALTH" }],
    [...suite.processes.values()].map(({ name, grpc, http }) => [name, grpc, `http://${http}`]),
    style,
  );
}

/** How a command started elsewhere finds this suite. */
export function reachText(suite: Suite, here: string): string[] {
  if (suite.directory === resolve(here, ".amaas"))
    return ["From another terminal, in this folder:"];
  const { scheduler, registry, inference } = suite.endpoints;
  return [
    "From another terminal:",
    `  export AMAAS_SCHEDULER_ADDRESS=${scheduler}`,
    `  export AMAAS_REGISTRY_ADDRESS=${registry}`,
    `  export AMAAS_INFERENCE_ADDRESS=${inference}`,
  ];
}

export function exitText(process: string, { code, signal, restartInMs }: Exit): string {
  const how = signal === null ? `exited with ${code}` : `was killed by ${signal}`;
  const next =
    restartInMs === undefined ? "and stays down" : `and comes back in ${duration(restartInMs)}`;
  return `${process} ${how} ${next}`;
}
