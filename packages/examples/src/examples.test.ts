import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { decodeNpy, readDataset } from "@amaas/data";
import { fileRefs, type JobSpec, parseJobSpec } from "@amaas/spec";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { drawDigit, type Example, examples } from "./index.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "amaas-examples-"));
  for (const example of Object.values(examples)) await example.writeData(folder);
});
afterAll(() => rm(folder, { recursive: true }));

async function jobOf(example: Example): Promise<JobSpec> {
  return parseJobSpec(parse(await readFile(example.job, "utf8")));
}

describe.each(Object.entries(examples))("%s", (name, example) => {
  test("has a sound job that looks for its data where it is written", async () => {
    const job = await jobOf(example);
    expect(job.name).toBe(name);
    for (const ref of fileRefs(job))
      expect(dirname(resolve(example.directory, ref))).toBe(example.data);
  });

  test("writes the files that its job names, again if need be, and leaves nothing else", async () => {
    const target = join(folder, name, "deep");
    const [files] = await Promise.all([example.writeData(target), example.writeData(target)]);
    const names = fileRefs(await jobOf(example)).map((ref) => ref.replace(/.*\//, ""));
    expect(files).toEqual(names.map((file) => join(target, file)));
    expect((await readdir(target)).sort()).toEqual(names.toSorted());
  });
});

describe("the data", () => {
  async function read(example: Example) {
    const job = await jobOf(example);
    const file = (ref: string) => readFile(join(folder, ref.replace(/.*\//, "")));
    const { rows, skippedRows, inputs, labels } = await readDataset(job.data, job.task, file);
    const signature = inputs.map(({ name, datatype, shape }) => `${name} ${datatype} [${shape}]`);
    return { rows, skippedRows, signature, classes: labels.kind === "class" ? labels.classes : [] };
  }

  test("of the digits can be read, every row of it", async () => {
    expect(await read(examples.digits)).toEqual({
      rows: 10_000,
      skippedRows: 0,
      signature: ["input FP32 [-1,784]"],
      classes: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    });
  });

  test("of the penguins can be read, every row of it", async () => {
    expect(await read(examples.penguins)).toEqual({
      rows: 344,
      skippedRows: 0,
      signature: [
        "Island BYTES [-1,1]",
        "Beak Length (mm) FP32 [-1,1]",
        "Beak Depth (mm) FP32 [-1,1]",
        "Flipper Length (mm) FP32 [-1,1]",
        "Body Mass (g) FP32 [-1,1]",
        "Sex BYTES [-1,1]",
      ],
      classes: ["Adelie", "Chinstrap", "Gentoo"],
    });
  });
});

describe("a digit", () => {
  const readArray = async (name: string) => decodeNpy(await readFile(join(folder, name)));

  test("has the grey levels that the package rounded", async () => {
    const [images, labels] = [await readArray("images.npy"), await readArray("labels.npy")];
    expect([images.type, images.shape, labels.shape]).toEqual(["UINT8", [10_000, 784], [10_000]]);
    const resolved = createRequire(import.meta.url).resolve("mnist/src/digits/7.json");
    const fractions: readonly number[] = JSON.parse(await readFile(resolved, "utf8")).data;
    const from = labels.data.findIndex((label) => Number(label) === 7) * 784;
    const rounded = fractions.map(
      (_, index) => Math.round((Number(images.data[from + index]) / 255) * 1000) / 1000,
    );
    expect(rounded).toEqual(fractions);
  });

  test("is drawn in half blocks, or in ASCII, whatever the unit of its pixels", async () => {
    const images = await readArray("images.npy");
    const pixels = Float32Array.from(images.data.slice(0, 784), Number);
    const drawn = drawDigit(pixels);
    expect(drawDigit(pixels.map((level) => level / 255))).toBe(drawn);
    expect(drawn).toMatchInlineSnapshot(`
      "                            
                                  
                     ▄███▄        
                   ▄████▀█▄▄      
                 ███████▀▀██      
               ▄███▀  ▀   ██▄     
              ██▀         ███     
             ███          ███     
             ██         ▄██▀      
             ██      ▄▄██▀        
             ███▄▄▄████▀          
             ▀█████▀▀             
                                  
                                  "
    `);
    expect(drawDigit(pixels, { ascii: true })).toMatchInlineSnapshot(`
      "                            
                                  
                    .+#@#+        
                  .+%@@%*@+:      
                .#@@%*@%-+@*      
              .=@@%+ .:   @@=     
             .%@+.        @@#     
            .%@+          @@*     
            -@%         :#%+      
            -@#      :+##-        
            -@@#+=*%%%*-.         
             =#@@@#+-             
                                  
                                  "
    `);
  });

  test("that is blank is drawn blank", () => {
    const blank = Array(14).fill(" ".repeat(28)).join("\n");
    expect(drawDigit(new Float32Array(784))).toBe(blank);
    expect(drawDigit(new Float32Array(784), { ascii: true })).toBe(blank);
  });
});
