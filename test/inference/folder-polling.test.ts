/** Models of a folder that changes while it is served. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { folderStage, indexOf, reasonOf } from "./folder-stage.ts";
import { scaling, slow } from "./models.ts";

const stage = folderStage();

test("swaps versions under load without a failed request", async () => {
  await stage.folder.put("scale/1/model.onnx", scaling(1));
  const inference = await stage.serve("poll");
  let asking = true;
  const seen = new Set<string>();
  const failures: unknown[] = [];
  const caller = async () => {
    while (asking) {
      try {
        const { version, y } = await inference.scale("scale", 1);
        seen.add(`${version}: ${y}`);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  const callers = [caller(), caller(), caller()];
  const sees = (answer: string) =>
    vi.waitFor(() => expect([...seen].at(-1)).toBe(answer), { timeout: 30_000, interval: 50 });
  await sees("1: 1");
  await stage.folder.put("scale/2/model.onnx", scaling(2));
  await sees("2: 2");
  await stage.folder.put("scale/2/model.onnx", scaling(20));
  await sees("2: 20");
  await stage.folder.put("scale/3/model.onnx", "no model at all");
  await vi.waitFor(async () => {
    expect(await reasonOf(inference, "scale")).toBe("");
    const { models } = await inference.client.repositoryIndex({});
    expect(models.find(({ version }) => version === "3")?.state).toBe("UNAVAILABLE");
  }, 30_000);
  await stage.folder.put("scale/3/model.onnx", scaling(3));
  await sees("3: 3");
  await stage.folder.remove("scale/3");
  await vi.waitFor(async () => {
    expect((await inference.scale("scale", 1)).version).toBe("2");
  }, 30_000);
  asking = false;
  await Promise.all(callers);
  expect(failures).toEqual([]);
  expect(new Set(seen)).toEqual(new Set(["1: 1", "2: 2", "2: 20", "3: 3"]));
});

test("takes models that come, lets go of those that leave, and keeps a broken one's last state", async () => {
  await stage.folder.put("first/1/model.onnx", scaling(1));
  const inference = await stage.serve("poll");
  await stage.folder.put("second/1/model.onnx", scaling(2));
  await inference.serves("second", 1, 30_000);
  await stage.folder.put("first/config.pbtxt", "max_batch_size: eight");
  await vi.waitFor(async () => {
    expect(await reasonOf(inference, "first")).toContain('found "eight", wanted a whole number');
  }, 30_000);
  expect(inference.log).toContainEqual(
    expect.objectContaining({ level: "warn", model: "first", message: expect.any(String) }),
  );
  await stage.folder.remove("second");
  await vi.waitFor(async () => expect(await indexOf(inference)).toEqual(["first 1 READY"]), 30_000);
  await expect(inference.scale("second", 1)).rejects.toMatchObject({ code: "not-found" });
  expect(await inference.scale("first", 1)).toEqual({ version: "1", y: 1 });
  await stage.folder.put("first/config.pbtxt", "max_batch_size: 2");
  await vi.waitFor(async () => {
    const { config } = await inference.client.modelConfig({ name: "first" });
    expect(config?.maxBatchSize).toBe(2);
  }, 30_000);
});

test("leaves a file alone that is still being copied", async () => {
  await stage.folder.put("scale/1/model.onnx", scaling(1));
  const inference = await stage.serve("poll");
  const model = slow(8);
  await stage.folder.put("scale/2/readme.txt", "to come");
  const path = join(stage.folder.path, "scale/2/model.onnx");
  for (let end = 0; end < model.length; end += Math.ceil(model.length / 12)) {
    await writeFile(path, model.subarray(0, end));
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  await writeFile(path, model);
  await inference.serves("scale", 2, 30_000);
  const tried = inference.log.filter(
    ({ message, version }) => message === "version failed to load" && version === 2,
  );
  expect(tried.every(({ error }) => String(error).includes("is not there"))).toBe(true);
});
