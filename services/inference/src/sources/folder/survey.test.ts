import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { placesIn, survey, textOf } from "./survey.ts";

/** A folder with one model, `scale`. */
async function repository() {
  const folder = await mkdtemp(join(tmpdir(), "survey-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return {
    async put(file: string, text: string) {
      const path = join(folder, "scale", file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    },
    async text() {
      const place = (await placesIn(folder)).get("scale");
      return textOf(place && (await survey("scale", place)));
    },
  };
}

test("a model is the same until one of its files is another", async () => {
  const { put, text } = await repository();
  const seen = new Set<string>();
  for (const file of ["1/model.onnx", "2/model.onnx", "config.pbtxt", "labels.txt", "warmup/one"])
    for (const contents of ["short", "longer"]) {
      await put(file, contents);
      const now = await text();
      expect(seen, `${file} with ${contents}`).not.toContain(now);
      expect(await text()).toBe(now);
      seen.add(now);
    }
});
