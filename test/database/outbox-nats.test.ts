/** From a committed change to a subscriber in another process, while the NATS server comes and goes. */
import { appendEvent, sql, startOutbox } from "@amaas/database";
import { connectBus } from "@amaas/events";
import { nullTelemetry } from "@amaas/telemetry";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type NatsServer, natsAvailable, startNats } from "../servers/nats.ts";
import { openTables } from "./tables.ts";

const telemetry = nullTelemetry();

describe.skipIf(!natsAvailable())("the outbox over NATS", () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNats();
  });
  afterAll(() => server?.stop());

  test("what was committed while the server was down is published when it is back, once and in order", async () => {
    const database = await openTables("sqlite::memory:");
    const open = (name: string) => connectBus({ natsUrl: server.url, telemetry, name });
    const [publisher, reader] = [await open("publisher"), await open("reader")];
    const heard: string[] = [];
    let connects = 0;
    reader.subscribe("amaas.scheduler.job.changed", ({ data }) => void heard.push(data.state));
    reader.onConnect(() => {
      connects += 1;
    });
    await vi.waitFor(() => expect(connects).toBe(1), 10_000);

    const outbox = startOutbox({ database, prefix: "test", bus: publisher, telemetry });
    const append = async (state: string) => {
      const data = { job: "job_1", state, reason: "" };
      await database.transaction((trx) =>
        appendEvent(trx, "test", { subject: "amaas.scheduler.job.changed", data }),
      );
      outbox.wake();
    };
    for (let i = 0; i < 10; i++) await append(`${i}`);
    await vi.waitFor(() => expect(heard).toHaveLength(10), 10_000);
    await server.kill();
    for (let i = 10; i < 30; i++) await append(`${i}`);
    await server.restart();
    await vi.waitFor(() => expect(connects).toBe(2), 10_000);
    await append("30");
    outbox.wake();
    await vi.waitFor(() => expect(heard.at(-1)).toBe("30"), 10_000);
    // Whichever of the two was back first, the reader heard all from some event on.
    const after = heard.slice(10).map(Number);
    expect(heard.slice(0, 10)).toEqual(Array.from({ length: 10 }, (_, i) => `${i}`));
    expect(after).toEqual(Array.from({ length: after.length }, (_, i) => 31 - after.length + i));
    const { rows } = await sql`select * from test_outbox`.execute(database.db);
    expect(rows).toEqual([]);

    await outbox.close();
    for (const bus of [publisher, reader]) await bus.close();
    await database.close();
  });
});
