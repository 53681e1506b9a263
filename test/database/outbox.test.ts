/** What the outbox promises. */
import { once } from "node:events";
import { appendEvent, type Database, sql, startOutbox } from "@amaas/database";
import { DomainError } from "@amaas/errors";
import { type Bus, connectBus, createRelay, type Event } from "@amaas/events";
import { nullTelemetry, traceIdOf } from "@amaas/telemetry";
import { expect, test, vi } from "vitest";
import { onBoth } from "./on-both.ts";
import { addAlias, type Tables, versionOf } from "./tables.ts";

const telemetry = nullTelemetry();

const jobChanged = (state: string) =>
  ({ subject: "amaas.scheduler.job.changed", data: { job: "job_1", state, reason: "" } }) as const;

/** A bus within this process that can be taken down and brought back. */
async function openBus() {
  const local = await connectBus({ telemetry, name: "test" });
  const heard: Event<"amaas.scheduler.job.changed">[] = [];
  local.subscribe("amaas.scheduler.job.changed", (event) => void heard.push(event));
  const connects: (() => void)[] = [];
  let up = true;
  let refused = 0;
  const bus: Bus = {
    ...local,
    async publish(event) {
      if (up) return local.publish(event);
      refused += 1;
      throw new DomainError("unavailable", "the bus is down");
    },
    onConnect: (fn) => void connects.push(fn),
    close: () => local.close(),
  };
  return {
    bus,
    heard,
    states: () => heard.map(({ data }) => data.state),
    refused: () => refused,
    down() {
      up = false;
    },
    up() {
      up = true;
      for (const fn of connects) fn();
    },
  };
}

const numbered = (n: number) => Array.from({ length: n }, (_, i) => `${i}`);

function append(database: Database<Tables>, states: readonly string[]): Promise<void> {
  return database.transaction(async (trx) => {
    for (const state of states) await appendEvent(trx, "test", jobChanged(state));
  });
}

async function waiting({ db }: Database<Tables>): Promise<number | undefined> {
  const { rows } = await sql<{ n: number }>`select count(*) as n from test_outbox`.execute(db);
  return rows[0]?.n;
}

onBoth((bench) => {
  test("an event goes with its change: published when committed, gone when undone", async () => {
    const { database } = bench();
    const { bus, heard, states } = await openBus();
    const outbox = startOutbox({ database, prefix: "test_", bus, telemetry });
    const undone = database.transaction(async (trx) => {
      await appendEvent(trx, "test", jobChanged("never"));
      throw new Error("changed my mind");
    });
    await expect(undone).rejects.toThrow("changed my mind");
    const cause = `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`;
    await database.transaction((trx) =>
      appendEvent(trx, "test_", { ...jobChanged("queued"), id: "event-1", traceparent: cause }),
    );
    outbox.wake();
    await vi.waitFor(() => expect(states()).toEqual(["queued"]));
    expect(heard[0]).toMatchObject({ id: "event-1", data: { job: "job_1", state: "queued" } });
    expect(traceIdOf(heard[0]!.traceparent!)).toBe(traceIdOf(cause));
    await vi.waitFor(async () => expect(await waiting(database)).toBe(0));
    await outbox.close();
    await bus.close();
  });

  test("many events come in order, each with an id of its own", async () => {
    const { database } = bench();
    await append(database, numbered(250));
    const { bus, heard, states } = await openBus();
    const outbox = startOutbox({ database, prefix: "test", bus, telemetry });
    await vi.waitFor(() => expect(heard).toHaveLength(250), 10_000);
    expect(states()).toEqual(numbered(250));
    expect(new Set(heard.map(({ id }) => id)).size).toBe(250);
    await outbox.close();
    expect(await waiting(database)).toBe(0);
    await bus.close();
  });

  test("while the bus is down events wait; when it is back they come, in order", async () => {
    const { database } = bench();
    const { bus, states, refused, down, up } = await openBus();
    down();
    const outbox = startOutbox({ database, prefix: "test", bus, telemetry });
    for (const state of numbered(20)) {
      await append(database, [state]);
      outbox.wake();
    }
    await vi.waitFor(() => expect(refused()).toBeGreaterThan(1));
    expect(refused(), "changes do not set the pace of retries").toBeLessThan(15);
    expect(await waiting(database)).toBe(20);
    up();
    await vi.waitFor(() => expect(states()).toEqual(numbered(20)));
    await outbox.close();
    await bus.close();
  });

  test("closing publishes what is left, and does not hang when the bus is down", async () => {
    const { database } = bench();
    const first = await openBus();
    const outbox = startOutbox({ database, prefix: "test", bus: first.bus, telemetry });
    await append(database, ["last words"]);
    await outbox.close();
    await vi.waitFor(() => expect(first.states()).toEqual(["last words"]));

    first.down();
    const again = startOutbox({ database, prefix: "test", bus: first.bus, telemetry });
    await append(database, ["kept"]);
    await again.close();
    expect(await waiting(database)).toBe(1);
    await first.bus.close();
  });

  test("an event that nobody can publish does not hold up the others", async () => {
    const { database } = bench();
    await append(database, ["before"]);
    await sql`
      insert into test_outbox (id, subject, payload, created_at)
      values ('1', 'amaas.of.another.release', '', 0),
             ('2', 'amaas.scheduler.job.changed', '////', 0)
    `.execute(database.db);
    await append(database, ["after"]);
    const { bus, states } = await openBus();
    const outbox = startOutbox({ database, prefix: "test", bus, telemetry });
    await vi.waitFor(() => expect(states()).toEqual(["before", "after"]));
    await outbox.close();
    expect(await waiting(database)).toBe(0);
    await bus.close();
  });

  test("an event that could not travel fails its transaction", async () => {
    const { database } = bench();
    await addAlias(database, "a");
    const appending = database.transaction(async (trx) => {
      await trx.updateTable("test_alias").set({ version: 7 }).execute();
      await appendEvent(trx, "test", jobChanged("x".repeat(100_000)));
    });
    await expect(appending).rejects.toMatchObject({ code: "invalid-argument" });
    expect(await versionOf(database, "a")).toBe(0);
  });

  test("kill -9 while publishing: the next process publishes what is left", async () => {
    const { url, database } = bench();
    await append(database, numbered(300));
    const heard: string[] = [];
    const run = (until: () => boolean) => {
      const child = bench().start("publish", url);
      createRelay().attach(child);
      child.on("message", (message: { type: string; id?: string; data?: string }) => {
        if (message.type !== "amaas:event") return;
        heard.push(message.data!);
        if (until()) child.kill("SIGKILL");
      });
      return once(child, "exit");
    };
    await run(() => heard.length >= 30);
    expect(await waiting(database), "it did not get to the end").toBeGreaterThan(0);
    await run(() => new Set(heard).size >= 300);
    // Each first appearance is in order: repeats are allowed, gaps are not.
    expect([...new Set(heard)].map(stateIn)).toEqual(numbered(300));
  });
});

/** The state in a published payload: tag 2 of JobChanged, after the job's 7 bytes. */
function stateIn(base64: string): string {
  const bytes = Buffer.from(base64, "base64");
  return bytes.subarray(9, 9 + bytes[8]!).toString();
}
