import { expect, test } from "vitest";
import { numericClass } from "./index.ts";
import { processorClass } from "./numeric-class.ts";

const x64 = (flags: string) => ({
  architecture: "x64",
  model: "Some CPU",
  cpuinfo: `processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: fpu sse2 ${flags}\nbugs\t\t: none\n`,
});

test("instruction sets that decide between kernels name the class", () => {
  const avx512 = "avx avx2 fma avx512f avx512dq avx512bw avx512vl";
  expect(processorClass(x64(avx512))).toBe("x64 avx512");
  expect(processorClass(x64("avx avx2 fma avx512f"))).toBe("x64 fma");
  expect(processorClass(x64("avx"))).toBe("x64 avx");
  expect(processorClass(x64(""))).toBe("x64 sse");
  const arm64 = (features: string) => ({
    architecture: "arm64",
    model: "",
    cpuinfo: `processor\t: 0\nFeatures\t: fp asimd ${features}\n`,
  });
  expect(processorClass(arm64("sve"))).toBe("arm64 neon");
  expect(processorClass(arm64("sme sme2"))).toBe("arm64 sme");
});

test("where nothing tells the instruction sets, the model stands for them", () => {
  expect(processorClass({ architecture: "arm64", model: "Apple  M1 " })).toBe("arm64 Apple M1");
  expect(processorClass({ architecture: "x64", model: "", cpuinfo: "nothing" })).toBe(
    "x64 of unknown model",
  );
});

test("this machine has a class", () => {
  expect(numericClass()).toMatch(/^onnxruntime 1\.30\.0 (x64|arm64) \S/);
});
