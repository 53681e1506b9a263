/**
 * Whatever is asked, in whatever order, by whomever: what a batcher promises holds, judged from
 * outside by what was run when and who was answered what.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Begun, simulate } from "./batcher.fixture.ts";
import { knobs, type Policy, target } from "./policy.ts";
import { Slots } from "./slots.ts";

const asked = fc.record({
  after: fc.integer({ min: 0, max: 8 }),
  rows: fc.integer({ min: 1, max: 6 }),
  bytes: fc.integer({ min: 0, max: 100 }),
  shape: fc.constantFrom("s", "t"),
  tenant: fc.constantFrom("a", "b", "c"),
  priority: fc.integer({ min: 0, max: 3 }),
  within: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
  leavesAfter: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }),
});
type Asked = typeof asked extends fc.Arbitrary<infer T> ? T : never;

const levels = { priorityLevels: 3, defaultPriority: 2 };
const policies: fc.Arbitrary<Policy> = fc.oneof(
  fc
    .record({ maxRows: fc.integer({ min: 1, max: 8 }) })
    .map((some) => knobs({ ...levels, ...some })),
  fc
    .record({
      maxRows: fc.integer({ min: 4, max: 8 }),
      delayMs: fc.integer({ min: 1, max: 30 }),
      preferredRows: fc.uniqueArray(fc.integer({ min: 1, max: 4 })),
      preserveOrdering: fc.boolean(),
    })
    .map((some) => knobs({ ...levels, ...some })),
  fc
    .record({
      maxRows: fc.integer({ min: 1, max: 8 }),
      targetP99Ms: fc.integer({ min: 1, max: 50 }),
    })
    .map((some) => target({ ...levels, ...some })),
);

interface Fate extends Asked {
  readonly name: string;
  readonly came: number;
  readonly index: number;
  outcome?: PromiseSettledResult<unknown>;
  refusedAtOnce: boolean;
}

async function story(
  requests: readonly Asked[],
  policy: Policy,
  { instances, slots }: { instances: number; slots: number },
) {
  const simulated = simulate({
    policy,
    instances,
    slots: new Slots(slots),
    limit: 20,
    takes: ({ rows, id }) => 3 + rows + (id % 3),
  });
  const { ask, clock, batcher } = simulated;
  const fates: Fate[] = [];
  let most = 0;
  for (const [index, request] of requests.entries()) {
    await clock.advance(request.after);
    const leaving = new AbortController();
    const fate: Fate = {
      ...request,
      name: `r${index}`,
      index,
      came: clock.now(),
      refusedAtOnce: false,
    };
    const wasFree = batcher.pending.running < Math.min(instances, slots);
    const { within, leavesAfter, after: _, ...work } = request;
    const answer = ask(fate.name, {
      ...work,
      ...(within !== undefined && { within }),
      signal: leaving.signal,
    });
    answer.then(
      (value) => {
        fate.outcome = { status: "fulfilled", value };
      },
      (reason: unknown) => {
        fate.outcome = { status: "rejected", reason };
      },
    );
    await clock.advance(0);
    fate.refusedAtOnce = fate.outcome?.status === "rejected";
    if (wasFree)
      expect(fate.refusedAtOnce, "what is free refuses nobody").toBe(
        leavesAfter === 0 && fate.refusedAtOnce,
      );
    if (leavesAfter !== undefined)
      void clock.wait(leavesAfter).then(() => leaving.abort(new Error("left")));
    most = Math.max(most, batcher.pending.running);
    fates.push(fate);
  }
  await clock.advance(2000);
  return { ...simulated, fates, most };
}

function startsOf(begun: readonly Begun[]): Map<string, Begun> {
  return new Map(begun.flatMap((batch) => batch.items.map((item) => [item, batch] as const)));
}

test("no row is lost, doubled, late, or handed to another caller", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(asked, { minLength: 1, maxLength: 60 }),
      policies,
      fc.record({
        instances: fc.integer({ min: 1, max: 3 }),
        slots: fc.integer({ min: 1, max: 3 }),
      }),
      async (requests, policy, parallel) => {
        const { fates, begun, batcher, room, clock, most } = await story(
          requests,
          policy,
          parallel,
        );
        expect(batcher.pending).toEqual({ requests: 0, rows: 0, running: 0 });
        expect(room.bytes).toBe(0);
        expect(clock.timers).toBe(0);
        expect(most).toBeLessThanOrEqual(Math.min(parallel.instances, parallel.slots));
        expect(begun.flatMap(({ items }) => items)).toHaveLength(
          new Set(begun.flatMap(({ items }) => items)).size,
        );
        const starts = startsOf(begun);
        for (const { name, outcome, came, within, leavesAfter, rows } of fates) {
          const batch = starts.get(name);
          expect(outcome, `${name} is settled`).toBeDefined();
          if (outcome!.status === "fulfilled") {
            expect(outcome).toMatchObject({
              value: {
                answer: `answer to ${name}`,
                queuedMs: batch!.at - came,
                batch: { id: batch!.id },
              },
            });
          } else {
            expect(batch, `${name} was refused, and run`).toBeUndefined();
            expect(outcome!.reason).toMatchObject(
              String(outcome!.reason) === "Error: left"
                ? { message: "left" }
                : { code: expect.stringMatching(/^(resource-exhausted|deadline-exceeded)$/) },
            );
          }
          if (!batch) continue;
          if (within !== undefined) expect(batch.at).toBeLessThan(came + within);
          if (leavesAfter !== undefined) expect(batch.at).toBeLessThanOrEqual(came + leavesAfter);
          expect(rows).toBeLessThanOrEqual(batch.rows);
        }
        const by = new Map(fates.map((fate) => [fate.name, fate]));
        for (const { items, rows } of begun) {
          const members = items.map((item) => by.get(item)!);
          expect(new Set(members.map(({ shape }) => shape)).size).toBe(1);
          expect(members.reduce((sum, member) => sum + member.rows, 0)).toBe(rows);
          if (items.length > 1) expect(rows).toBeLessThanOrEqual(policy.maxRows);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("of one tenant, priority and shape, who came first is run first; who is more urgent never waits for less urgent ones", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(asked, { minLength: 1, maxLength: 60 }),
      policies,
      async (requests, policy) => {
        const { fates, begun } = await story(requests, policy, { instances: 1, slots: 1 });
        const starts = startsOf(begun);
        const level = ({ priority }: Fate) => (priority === 0 ? 2 : priority);
        const ran = fates.filter(({ name }) => starts.has(name));
        for (const one of ran)
          for (const other of ran) {
            if (one.shape !== other.shape || one.index >= other.index) continue;
            const [first, second] = [starts.get(one.name)!, starts.get(other.name)!];
            if (one.tenant === other.tenant && level(one) === level(other))
              expect(first.id, `${one.name} before ${other.name}`).toBeLessThanOrEqual(second.id);
            // It had come before the other one was begun, and is of a higher level.
            if (level(one) < level(other))
              expect(first.id, `${one.name} before ${other.name}`).toBeLessThanOrEqual(second.id);
            if (level(other) < level(one) && other.came < first.at)
              expect(second.id, `${other.name} before ${one.name}`).toBeLessThanOrEqual(first.id);
          }
      },
    ),
    { numRuns: 300 },
  );
});

test("with nothing to wait for, nothing waits while something is free", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(asked, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 3 }),
      async (requests, maxRows, instances) => {
        const { ask, clock, batcher } = simulate({
          policy: knobs({ ...levels, maxRows }),
          instances,
        });
        for (const { after, rows, shape, tenant, priority } of requests) {
          await clock.advance(after);
          ask("x", { rows, shape, tenant, priority });
          const { requests: waiting, running } = batcher.pending;
          expect(waiting === 0 || running === instances).toBe(true);
        }
      },
    ),
  );
});

test("tenants that wait all the time are served by their weights, to within their largest requests", async () => {
  const tenant = fc.record({
    weight: fc.integer({ min: 1, max: 5 }),
    sizes: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(tenant, { minLength: 2, maxLength: 4 }),
      fc.integer({ min: 1, max: 8 }),
      async (tenants, maxRows) => {
        const { ask, clock, begun } = simulate({
          policy: knobs({ maxRows }),
          limit: 10_000,
          weightOf: (name) => tenants[Number(name)]?.weight ?? 1,
        });
        const rowsOf = (index: number, at: number) =>
          tenants[index]!.sizes[at % tenants[index]!.sizes.length]!;
        ask("warm");
        for (let at = 0; at < 60; at++)
          for (const index of tenants.keys())
            ask(`${index} ${rowsOf(index, at)}`, { tenant: `${index}`, rows: rowsOf(index, at) });
        await clock.advance(10 * 40);
        const served = tenants.map(() => 0);
        const left = tenants.map(() => 60);
        for (const { items } of begun.slice(1))
          for (const item of items) {
            const [index, rows] = item.split(" ").map(Number) as [number, number];
            served[index]! += rows;
            left[index]!--;
            if (left.includes(0)) return;
            for (const [i, one] of tenants.entries())
              for (const [j, other] of tenants.entries())
                expect(
                  Math.abs(served[i]! / one.weight - served[j]! / other.weight),
                ).toBeLessThanOrEqual(
                  Math.max(...one.sizes) / one.weight +
                    Math.max(...other.sizes) / other.weight +
                    1e-9,
                );
          }
      },
    ),
  );
});
