export { type ModelServer, type ModelServerOptions, startModelServer } from "./model-server.ts";
export { type Endpoints, findSuite, type StateFile } from "./state-file.ts";
export { type Suite, type SuiteOptions, type SuiteProcess, startSuite } from "./suite.ts";
export type { Exit } from "./supervised-process.ts";
export type { Role } from "./topology.ts";
