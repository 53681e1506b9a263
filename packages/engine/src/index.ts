export { giveAway } from "./give-away.ts";
export { numericClass } from "./numeric-class.ts";
export {
  createPool,
  type Pool,
  type PooledSession,
  type PoolOptions,
  type RunOptions,
} from "./pool.ts";
export { callProcess, KilledError, type ProcessOptions, serveCall } from "./process.ts";
export { serveThread, type ThreadHandlers } from "./serve-thread.ts";
export { type Fetches, openSession, type Session, type SessionOptions } from "./session.ts";
export type { Feeds, ValueSpec } from "./signature.ts";
export { startThread, type Thread, type ThreadOptions } from "./thread.ts";
