export { type Attachment, type AttachOptions, attach } from "./attach.ts";
export { type RunningTask, TaskSet } from "./task-set.ts";
