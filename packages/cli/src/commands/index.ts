/**
 * Every command, in the order in which the help lists them. A command's own module is loaded when the
 * command is named, so that none pays for what another needs.
 */
import type { Command } from "commander";
import type { Cli } from "../cli.ts";

export interface CommandEntry {
  readonly summary: string;
  load(): Promise<(command: Command, cli: Cli) => void>;
}

export const commands: Readonly<Record<string, CommandEntry>> = {
  quickstart: {
    summary: "see everything work",
    load: async () => (await import("./quickstart.ts")).quickstart,
  },
  up: {
    summary: "start the suite and stay",
    load: async () => (await import("./up.ts")).up,
  },
  serve: {
    summary: "serve a folder of ONNX models",
    load: async () => (await import("./serve.ts")).serve,
  },
  example: {
    summary: "write an example",
    load: async () => (await import("./example.ts")).example,
  },
  data: {
    summary: "look at a job's data",
    load: async () => (await import("./data.ts")).data,
  },
  train: {
    summary: "submit a job",
    load: async () => (await import("./train.ts")).train,
  },
  "cross-validate": {
    summary: "score a job on every part of its data",
    load: async () => (await import("./cross-validate.ts")).crossValidate,
  },
  "learning-curve": {
    summary: "score a job on ever more of its data",
    load: async () => (await import("./learning-curve.ts")).learningCurve,
  },
  jobs: {
    summary: "list jobs",
    load: async () => (await import("./jobs.ts")).jobs,
  },
  job: {
    summary: "show one job",
    load: async () => (await import("./job.ts")).job,
  },
  cancel: {
    summary: "cancel a job",
    load: async () => (await import("./cancel.ts")).cancel,
  },
  resume: {
    summary: "go on with a job that was broken off",
    load: async () => (await import("./resume.ts")).resume,
  },
  logs: {
    summary: "read a job's log",
    load: async () => (await import("./logs.ts")).logs,
  },
  models: {
    summary: "list models",
    load: async () => (await import("./models.ts")).models,
  },
  model: {
    summary: "show one model",
    load: async () => (await import("./model.ts")).model,
  },
  promote: {
    summary: "move an alias to a version",
    load: async () => (await import("./promote.ts")).promote,
  },
  rollback: {
    summary: "move an alias back",
    load: async () => (await import("./rollback.ts")).rollback,
  },
  predict: {
    summary: "ask a model",
    load: async () => (await import("./predict.ts")).predict,
  },
  generate: {
    summary: "have a language model go on with a text",
    load: async () => (await import("./generate.ts")).generate,
  },
  top: {
    summary: "watch the models that are served",
    load: async () => (await import("./top.ts")).top,
  },
  download: {
    summary: "fetch a model's ONNX file",
    load: async () => (await import("./download.ts")).download,
  },
  graph: {
    summary: "show, check, compare and derive ONNX graphs",
    load: async () => (await import("./graph/index.ts")).graph,
  },
};
