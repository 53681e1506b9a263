export type { App, ServiceContext } from "./app.ts";
export type { CommonConfig, ServiceName } from "./common-config.ts";
export { allowGarbage } from "./garbage.ts";
export { runService, type ServiceOptions } from "./run.ts";
