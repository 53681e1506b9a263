export { availableCores, threadsPerInstance } from "./cores.ts";
export {
  createEngine,
  type Engine,
  type EngineOptions,
  type Isolation,
  type OpenOptions,
} from "./engine.ts";
export { giveAway } from "./give-away.ts";
export type { ModelSource } from "./host.thread.ts";
export { numericClass } from "./numeric-class.ts";
export { yieldProcessor } from "./priority.ts";
export {
  type CallOptions,
  callProcess,
  KilledError,
  type Process,
  type ProcessOptions,
  startProcess,
} from "./process.ts";
export { graphFile, type SavedGraph, weightsFile } from "./saved-graph.ts";
export { serveThread, type ThreadHandlers } from "./serve-thread.ts";
export type { OpenedSession, Replacement, RunOptions, ServingSession } from "./serving-session.ts";
export { type Fetches, openSession, type Session, type SessionOptions } from "./session.ts";
export type { Feeds, ValueSpec } from "./signature.ts";
export { startThread, type Thread, type ThreadOptions } from "./thread.ts";
