/** Budget and residences together, whatever the order in which models open, run and close. */
import { Batcher, Room, Slots, systemClock, unbatched } from "@amaas/batching";
import type { ServingSession } from "@amaas/engine";
import { DomainError } from "@amaas/errors";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Budget, type Resident } from "./budget.ts";
import { Residence } from "./residence.ts";

const budgetBytes = 12;
const quiet = { brought() {}, notBrought() {}, evicted() {}, closeFailed() {} };

interface Model {
  /** As is thought before it is opened. */
  readonly needs: number;
  /** That it takes beyond. */
  readonly more: number;
  /** Openings that fail before one does not. */
  readonly failures: number;
}

/** Models that ask for what they take, and what is open at a time. */
class Machine {
  readonly #scheduler: fc.Scheduler;
  readonly budget = new Budget({ bytes: budgetBytes, patienceMs: 100_000 });
  readonly #batchers: Batcher<number, string>[] = [];
  readonly #residences: Residence[] = [];
  openBytes = 0;
  mostBytes = 0;
  opened = 0;
  closed = 0;

  constructor(scheduler: fc.Scheduler, models: readonly Model[]) {
    this.#scheduler = scheduler;
    const slots = new Slots(2);
    for (const [number, model] of models.entries()) {
      const residence = this.#residence(model, number);
      const batcher = new Batcher<number, string>({
        policy: unbatched,
        instances: 1,
        limit: 1000,
        slots,
        room: new Room({ bytes: 1000 }),
        clock: systemClock,
        async run({ items }) {
          await residence.run({});
          return items.map((item) => `${number}: ${item}`);
        },
      });
      residence.serves(batcher);
      this.#batchers.push(batcher);
      this.#residences.push(residence);
    }
  }

  async request(model: number, item: number): Promise<string> {
    const residence = this.#residences[model]!;
    await this.#scheduler.schedule(Promise.resolve());
    residence.enter(performance.now(), "");
    try {
      const work = { rows: 1, bytes: 1, shape: "", tenant: "", priority: 0 };
      const nobody = { deadline: undefined, signal: undefined };
      const { answer } = await this.#batchers[model]!.submit({ item, ...work, ...nobody });
      expect(residence.isHere).toBe(true);
      return answer;
    } finally {
      residence.leave();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#residences.map((residence) => residence.close()));
  }

  #residence({ needs, more, failures }: Model, number: number): Residence {
    let left = failures;
    return new Residence({
      wanted: {
        model: `m${number}`,
        version: 1,
        digest: "",
        bytes: 1,
        traceparent: "",
        read: async () => new Uint8Array(),
        config: undefined,
        persistent: true,
      },
      signature: { inputs: [], outputs: [] },
      budget: this.budget,
      needs,
      onFailure: () => undefined,
      events: quiet,
      open: async () => {
        if (left-- > 0) throw new DomainError("unavailable", "the disk is away");
        return await this.#open(needs + more);
      },
    });
  }

  async #open(bytes: number): Promise<ServingSession> {
    this.opened++;
    this.openBytes += bytes;
    this.mostBytes = Math.max(this.mostBytes, this.openBytes);
    await this.#scheduler.schedule(Promise.resolve());
    let closed = false;
    return {
      inputs: [],
      outputs: [],
      memoryBytes: bytes,
      failure: undefined,
      run: async () => {
        expect(closed).toBe(false);
        await this.#scheduler.schedule(Promise.resolve());
        expect(closed).toBe(false);
        return {};
      },
      close: async () => {
        closed = true;
        await this.#scheduler.schedule(Promise.resolve());
        this.openBytes -= bytes;
        this.closed++;
      },
    };
  }
}

const models = (more: fc.Arbitrary<number>) =>
  fc.array(
    fc.record({ needs: fc.integer({ min: 1, max: budgetBytes }), more, failures: fc.constant(0) }),
    { minLength: 1, maxLength: 6 },
  );
const requests = fc.array(fc.nat(), { minLength: 1, maxLength: 40 });

async function serve(s: fc.Scheduler, of: readonly Model[], asked: readonly number[]) {
  const machine = new Machine(s, of);
  const answers = asked.map((pick, item) => machine.request(pick % of.length, item));
  const given = await s.waitFor(Promise.all(answers));
  await s.waitFor(machine.close());
  return { machine, given };
}

test("all are answered by their model, none is closed under a run, and the budget holds", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), models(fc.constant(0)), requests, async (s, of, asked) => {
      const { machine, given } = await serve(s, of, asked);
      expect(given).toEqual(asked.map((pick, item) => `${pick % of.length}: ${item}`));
      expect(machine.mostBytes).toBeLessThanOrEqual(budgetBytes);
      expect(machine.openBytes).toBe(0);
      expect(machine.closed).toBe(machine.opened);
      expect(machine.budget.used).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test("what models take beyond what was thought is all that the budget is exceeded by", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      // The whole budget at most: what has turned out to take more is never loaded again.
      models(fc.integer({ min: 0, max: 3 })).filter((all) =>
        all.every(({ needs, more }) => needs + more <= budgetBytes),
      ),
      requests,
      async (s, of, asked) => {
        const { machine, given } = await serve(s, of, asked);
        expect(given).toHaveLength(asked.length);
        const unforeseen = of.reduce((sum, { more }) => sum + more, 0);
        expect(machine.mostBytes).toBeLessThanOrEqual(budgetBytes + unforeseen);
        expect(machine.budget.used).toBe(0);
      },
    ),
    { numRuns: 300 },
  );
});

test("a model that fails to open fails those who wait for it, and gives its memory back", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), requests, async (s, asked) => {
      const of = [
        { needs: budgetBytes, more: 0, failures: 1000 },
        { needs: budgetBytes, more: 0, failures: 0 },
      ];
      const machine = new Machine(s, of);
      const answers = asked.map((pick, item) => machine.request(pick % 2, item));
      const outcomes = await s.waitFor(Promise.allSettled(answers));
      for (const [at, outcome] of outcomes.entries())
        if (asked[at]! % 2 === 1) expect(outcome.status).toBe("fulfilled");
        else
          expect(outcome).toMatchObject({
            reason: {
              code: "unavailable",
              message: expect.stringContaining("the disk is away"),
              retryAfterMs: expect.any(Number),
            },
          });
      await s.waitFor(machine.close());
      expect(machine.budget.used).toBe(0);
    }),
  );
});

const resident = (
  usedAt: number,
  used = false,
  memoryBytes = 4,
): Resident & { evicted: boolean } => ({
  memoryBytes,
  used,
  usedAt,
  evicted: false,
  async evict() {
    this.evicted = true;
  },
});

test("the longest unused gives way, and nobody who is used", async () => {
  const budget = new Budget({ bytes: budgetBytes });
  const all = [resident(3), resident(1, true), resident(2)];
  const shares = all.map((each) => {
    const share = budget.take(4)!;
    share.commit(each);
    return share;
  });
  expect(budget.take(1)).toBeUndefined();
  const next = budget.reserve("next", 4, new AbortController().signal);
  expect(all.map(({ evicted }) => evicted)).toEqual([false, false, true]);
  expect(budget.used).toBe(12);
  shares[2]!.release();
  await next;
  expect(budget.used).toBe(12);
});

test("who waits longer than one waits is told, and so is who asks for more than there is", async () => {
  const budget = new Budget({ bytes: budgetBytes, patienceMs: 1 });
  budget.take(12)!.commit(resident(1, true, 12));
  const { signal } = new AbortController();
  await expect(budget.reserve("next", 4, signal)).rejects.toMatchObject({
    code: "resource-exhausted",
    message: expect.stringContaining("about 4 of 12 bytes"),
    retryAfterMs: expect.any(Number),
  });
  await expect(budget.reserve("giant", 13, signal)).rejects.toMatchObject({
    code: "invalid-argument",
    message: expect.stringContaining(
      "takes about 13 bytes of memory; all models together may take 12",
    ),
  });
  const left = new AbortController();
  const gone = budget.reserve("gone", 4, left.signal);
  left.abort(new Error("not wanted any more"));
  await expect(gone).rejects.toThrow("not wanted any more");
});
