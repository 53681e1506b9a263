/** What calls leave in the metrics. */
import { DomainError } from "@amaas/errors";
import { BlobsDefinition } from "@amaas/proto/amaas/registry/v1/blobs";
import { createTelemetry } from "@amaas/telemetry";
import { expect, onTestFinished, test } from "vitest";
import { blobs, connect, eventually, serve } from "./stage.ts";

test("calls are timed and counted by method and status on both sides", async () => {
  const telemetry = createTelemetry({ service: "test", instance: "1", level: "silent", env: {} });
  onTestFinished(() => telemetry.shutdown());
  const text = async () => [...(await telemetry.metrics.exposition()).pieces].join("");
  const finish = Promise.withResolvers<void>();
  const stage = await serve(
    [
      blobs({
        async statBlob({ digest }) {
          if (digest === "") throw new DomainError("not-found", "no blob");
          await finish.promise;
          return { exists: true, bytes: 1 };
        },
      }),
    ],
    { telemetry },
  );
  const client = connect(BlobsDefinition, stage.address, { telemetry });
  await expect(client.statBlob({})).rejects.toMatchObject({ code: "not-found" });
  const inFlight =
    'amaas_rpc_server_calls_in_flight{rpc_method="amaas.registry.v1.Blobs/StatBlob"}';
  const call = client.statBlob({ digest: "a" });
  let seen = "";
  for (let tries = 0; tries < 200 && !seen.includes(`${inFlight} 1`); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    seen = await text();
  }
  expect(seen).toContain(`${inFlight} 1`);
  finish.resolve();
  await call;
  let done = "";
  await eventually(() => {
    void text().then((now) => {
      done = now;
    });
    return done.includes(`${inFlight} 0`);
  });
  for (const side of ["server", "client"])
    for (const status of ["OK", "NOT_FOUND"])
      expect(done).toMatch(
        new RegExp(
          `rpc_${side}_call_duration_seconds_count\\{[^}]*StatBlob[^}]*rpc_status_code="${status}"[^}]*\\} 1`,
        ),
      );
});
