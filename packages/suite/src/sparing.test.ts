import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { sparing } from "./sparing.ts";

const mebibyte = 2 ** 20;

/** How much of its memory for what is new a process has taken after making much that stays for a while. */
async function newSpaceBytes(nodeOptions: string): Promise<number> {
  const program = `
    let kept = [];
    for (let made = 0; made < 5e6; made++) {
      kept.push({ made, list: [made] });
      if (kept.length > 50_000) kept = [];
    }
    const spaces = require("node:v8").getHeapSpaceStatistics();
    console.log(spaces.find(({ space_name }) => space_name === "new_space").space_size);`;
  const env = { ...process.env, ...sparing(nodeOptions) };
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", program], { env });
  return Number(stdout);
}

test("a sparing process lets little garbage gather, unless somebody's own options say otherwise", async () => {
  expect(await newSpaceBytes("")).toBeLessThanOrEqual(33 * mebibyte);
  expect(await newSpaceBytes("--max-semi-space-size=1")).toBeLessThanOrEqual(3 * mebibyte);
  expect(await newSpaceBytes("--max-semi-space-size=64")).toBeGreaterThan(33 * mebibyte);
});
