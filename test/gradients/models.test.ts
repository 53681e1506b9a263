/**
 * Whole models as PyTorch's exporters write them: the loss and the gradient of every parameter, computed by the stock
 * onnxruntime in float32, against PyTorch's. `-t "ResNet"` runs those of one name.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { generated, probes } from "./generated.ts";
import { measure } from "./measure.ts";
import { models } from "./model-case.ts";
import { lasting, type Measured, page } from "./page.ts";
import { tolerances } from "./tolerances.ts";

// Machines that run many tests at once are slow.
vi.setConfig({ testTimeout: 240_000 });

const measured: Measured[] = [];

describe.each(models)("$key:", (model) => {
  test("loss and gradients are those of its framework", async () => {
    const found = await measure(model);
    measured.push({ model, found });
    const { float32, float64, parameters } = found;
    expect(parameters).toBeGreaterThan(0);
    const { float32: near, float64: true_ } = tolerances[model.key] ?? tolerances.any!;
    expect(float32.loss, "loss against float32").toBeLessThan(1e-5);
    expect(float64.loss, "loss against float64").toBeLessThan(1e-5);
    expect(float32.gradient, `${float32.parameter} against float32`).toBeLessThan(near);
    expect(float64.gradient, `${float64.parameter} against float64`).toBeLessThan(true_);
  });
});

test("the page is current", () => {
  // Where only some were run, there is nothing to compare.
  if (measured.length < models.length) return;
  const kept = readFileSync(join(import.meta.dirname, "README.md"), "utf8");
  const stale = lasting(kept) !== lasting(page(measured));
  expect(stale, "write it anew by node test/gradients/write-page.ts").toBe(false);
});

test("every gradient that PyTorch has is looked at, but for what the exporter folded into constants", () => {
  const left = models.flatMap(({ key, weights, initializers, float64 }) => {
    const names = Object.keys(weights);
    const there = new Set(
      initializers.flatMap(({ segments }) => segments.map(([at]) => names[at])),
    );
    return Object.keys(float64.gradients)
      .filter((name) => !there.has(name))
      .map((name) => `${key}: ${name}`);
  });
  expect(left).toEqual([]);
});

test("probes see one wrong element, two that are exchanged, and a wrong sign", () => {
  const values = generated("test", "values", { shape: [1000], offset: 0, spread: 1 }).data;
  const right = probes("p", values);
  const off = (change: (data: Float32Array) => void) => {
    const changed = Float32Array.from(values);
    change(changed);
    return Math.max(...probes("p", changed).map((sum, at) => Math.abs(sum - right[at]!)));
  };
  expect(off((data) => data.fill(values[7]! + 0.5, 7, 8))).toBeCloseTo(0.5, 5);
  expect(off((data) => data.set([values[9]!, values[8]!], 8))).toBeGreaterThan(0.01);
  expect(off((data) => data.set([-values[0]!]))).toBeGreaterThan(0.01);
});
