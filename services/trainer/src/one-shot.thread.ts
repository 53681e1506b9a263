/** The thread behind a prepare or package task. */
import { serveThread } from "@amaas/engine";
import type { Packaged, PackageTask, Prepared } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { packageModel } from "./package-model.ts";
import { prepare } from "./prepare.ts";

export interface OneShotApi {
  prepare(args: { spec: unknown; blobs: string }): Promise<Prepared>;
  package(args: { spec: unknown; blobs: string; task: PackageTask }): Promise<Packaged>;
}

serveThread<OneShotApi>({ prepare, package: packageModel });
