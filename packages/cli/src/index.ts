export type { ExitCode } from "./failure.ts";
export {
  type GenerateOptions,
  generate,
  type LanguageModel,
  languageModel,
} from "./generate/generate.ts";
export { run } from "./run.ts";
export type { OutputStream, Shell } from "./shell.ts";
