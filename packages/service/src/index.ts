export type { App, ServiceContext } from "./app.ts";
export type { CommonConfig, ServiceName } from "./common-config.ts";
export { allowGarbage } from "./garbage.ts";
export { compileLoopsApart } from "./hot-loops.ts";
export { runService, type ServiceOptions } from "./run.ts";
