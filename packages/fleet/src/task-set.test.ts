import { Task, TaskState } from "@amaas/proto/amaas/scheduler/v1/fleet";
import { expect, test } from "vitest";
import { TaskSet } from "./task-set.ts";

const task = (id: string) => Task.fromPartial({ id });

function scripted() {
  const told: string[] = [];
  const tasks = new TaskSet(({ id }) => {
    if (id.startsWith("odd")) throw new Error(`${id} is not for this node`);
    told.push(`start ${id}`);
    return {
      status: () => ({ id, state: TaskState.RUNNING, failure: "", detail: undefined }),
      stop: async () => void told.push(`stop ${id}`),
    };
  });
  return { tasks, told };
}

test("starts what is wanted and not here, stops what is here and not wanted", async () => {
  const { tasks, told } = scripted();
  tasks.assign([task("a"), task("b")]);
  tasks.assign([task("b"), task("c")]);
  expect(told).toEqual(["start a", "start b", "stop a", "start c"]);
  expect(tasks.describe(true).map(({ id }) => id)).toEqual(["b", "c"]);
});

test("a task that cannot be started says why, and keeps none from starting", () => {
  const { tasks, told } = scripted();
  tasks.assign([task("odd"), task("a")]);
  tasks.assign([task("odd"), task("a")]);
  expect(told).toEqual(["start a"]);
  expect(tasks.describe(false)).toMatchObject([
    { id: "odd", state: TaskState.FAILED, failure: "odd is not for this node" },
    { id: "a", state: TaskState.RUNNING },
  ]);
});

test("once closed, what the scheduler still wants is not started again", async () => {
  const { tasks, told } = scripted();
  tasks.assign([task("a")]);
  await tasks.close();
  tasks.assign([task("a"), task("b")]);
  expect(told).toEqual(["start a", "stop a"]);
  expect(tasks.size).toBe(0);
});
