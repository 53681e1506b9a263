/** A batcher on a simulated clock, whose runs take as long as they are told to, and what became of it all. */
import { Batcher, type BatcherOptions } from "./batcher.ts";
import { type Policy, unbatched } from "./policy.ts";
import { Room } from "./room.ts";
import { SimulatedClock } from "./simulated-clock.fixture.ts";
import { Slots } from "./slots.ts";
import type { Answered, Batch, Work } from "./work.ts";

export interface Begun extends Batch<string> {
  readonly at: number;
}

export type Asked = Partial<Omit<Work<string>, "item" | "deadline">> & {
  /** Milliseconds from now. */
  readonly within?: number;
};

export interface Setting extends Partial<BatcherOptions<string, string>> {
  readonly policy?: Policy;
  readonly clock?: SimulatedClock;
  /** How long a batch takes. */
  readonly takes?: (batch: Batch<string>) => number;
}

export function simulate(setting: Setting = {}) {
  const clock = setting.clock ?? new SimulatedClock();
  const { takes = () => 10 } = setting;
  const begun: Begun[] = [];
  const room = setting.room ?? new Room({ bytes: 1e9 });
  const batcher = new Batcher<string, string>({
    policy: unbatched,
    instances: 1,
    limit: 1000,
    slots: new Slots(100),
    run: async (batch) => {
      begun.push({ ...batch, at: clock.now() });
      await clock.wait(takes(batch));
      return batch.items.map((item) => `answer to ${item}`);
    },
    ...setting,
    clock,
    room,
  });

  function ask(item: string, { within, ...asked }: Asked = {}): Promise<Answered<string>> {
    const deadline = within === undefined ? undefined : clock.timeOfDay() + within;
    const plain = { rows: 1, bytes: 1, shape: "", tenant: "", priority: 0, signal: undefined };
    const answered = batcher.submit({ ...plain, ...asked, item, deadline });
    // Who refuses is asked later.
    answered.catch(() => {});
    return answered;
  }

  /** The batches that were begun, each as its items. */
  const batches = () => begun.map(({ items }) => items.join(" "));
  return { batcher, clock, room, ask, begun, batches };
}
