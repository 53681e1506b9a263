/** The thread behind a package task. */
import { serveThread } from "@amaas/engine";
import type { Packaged, PackageTask } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { packageModel } from "./package-model.ts";

export interface OneShotApi {
  package(args: { spec: unknown; blobs: string; task: PackageTask }): Promise<Packaged>;
}

serveThread<OneShotApi>({ package: packageModel });
