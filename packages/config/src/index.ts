export { type Field, flag, integer, optional, type Parsed, text, url } from "./field.ts";
export { ConfigError, type ConfigOf, type ConfigTable, readConfig } from "./read-config.ts";
