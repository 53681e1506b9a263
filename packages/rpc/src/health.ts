/** The standard health service, Check and Watch, by service name and for the whole server (""). */
import type { Server } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import type { Implementation } from "./implement.ts";

export interface Health {
  setServing(service: string, serving: boolean): void;
}

/** What is registered serves until someone says otherwise. */
export function addHealth(server: Server, services: readonly Implementation[]): Health {
  const names = ["", ...services.map(({ definition }) => definition.fullName)];
  const health = new HealthImplementation(
    Object.fromEntries(names.map((name) => [name, "SERVING" as const])),
  );
  health.addToServer(server);
  const now = new Map(names.map((name) => [name, true]));
  return {
    setServing(service, serving) {
      const concerned = service === "" ? names : [service];
      // Who watches is told of changes, not of the same once more.
      for (const name of concerned.filter((each) => now.get(each) !== serving)) {
        now.set(name, serving);
        health.setStatus(name, serving ? "SERVING" : "NOT_SERVING");
      }
    },
  };
}
