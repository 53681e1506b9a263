/**
 * Where the services are: what the command line says, else the environment, else the suite whose
 * state directory is nearest, else the standard ports of this machine.
 */
import { findSuite } from "@amaas/suite";

export interface Addresses {
  readonly scheduler: string;
  readonly registry: string;
  readonly inference: string;
}

export type Given = { readonly [K in keyof Addresses]?: string | undefined };

const standard: Addresses = {
  scheduler: "127.0.0.1:7101",
  registry: "127.0.0.1:7102",
  inference: "127.0.0.1:8001",
};

export async function resolveAddresses(
  directory: string,
  ...given: readonly Given[]
): Promise<Addresses> {
  const named = (service: keyof Addresses) =>
    given.find((source) => source[service] !== undefined)?.[service];
  const [scheduler, registry, inference] = [
    named("scheduler"),
    named("registry"),
    named("inference"),
  ];
  if (scheduler !== undefined && registry !== undefined && inference !== undefined)
    return { scheduler, registry, inference };
  const nearest = (await findSuite(directory))?.endpoints ?? standard;
  return {
    scheduler: scheduler ?? nearest.scheduler,
    registry: registry ?? nearest.registry,
    inference: inference ?? nearest.inference,
  };
}
