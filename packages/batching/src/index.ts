export { Batcher, type BatcherOptions } from "./batcher.ts";
export { type Clock, systemClock } from "./clock.ts";
export { CostModel } from "./cost-model.ts";
export { Limits, type TenantLimit, unlimited } from "./limits.ts";
export {
  type KnobsPolicy,
  knobs,
  type Policy,
  type QueuePolicy,
  type TargetPolicy,
  type TimeoutAction,
  target,
  unbatched,
} from "./policy.ts";
export { Room } from "./room.ts";
export { Slots } from "./slots.ts";
export type { Answered, Batch, BatchFacts, CloseReason, Work } from "./work.ts";
