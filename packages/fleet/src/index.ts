export { createNode, type FleetNode, type NodeOptions, type Reports } from "./node.ts";
export { type Persistence, persistently } from "./persistently.ts";
export type { RunningTask } from "./task-set.ts";
