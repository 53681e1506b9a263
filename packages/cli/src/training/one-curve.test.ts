import { Job } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { expect, test } from "vitest";
import { createStyle, plain } from "../terminal/style.ts";
import { widthOf } from "../terminal/text.ts";
import { Curve } from "./curve.ts";
import { curveNames, drawCurve } from "./one-curve.ts";

const view = { columns: 60, rows: 12, style: plain };

function curve(): Curve {
  const evaluations = [10, 20, 30].map((step) => ({
    step,
    split: "validation",
    metrics: { loss: 3 - step / 15, f1Macro: step / 40, "confusion/0/0": 7 },
  }));
  const job = Job.fromPartial({ id: "job_1", state: 4, progress: { totalSteps: 40, evaluations } });
  const made = new Curve(job);
  const losses = Float64Array.from({ length: 30 }, (_, step) => 3 - step / 15);
  const norms = Float64Array.from({ length: 29 }, (_, step) => (step < 3 ? Number.NaN : step));
  const series = [{ name: "gradientNorm", firstStep: 0, values: norms }];
  made.take({ job, firstStep: 0, losses, series });
  return made;
}

test("a figure of each step, as far as it is known, on the way to the last step", () => {
  expect(drawCurve(curve(), "gradient-norm", view).join("\n")).toMatchInlineSnapshot(`
    "⠤⠤ gradient-norm   newest 28.00
     28.00 ┤                                ⣀⡠⠔⠒⠁
           │                           ⢀⡠⠔⠊⠉
           │                       ⣀⠤⠔⠒⠁
     15.50 ┤                 ⢀⣀⠤⠔⠊⠉
           │             ⣀⠤⠒⠊⠁
           │        ⢀⣀⠤⠒⠉
    3.0000 ┤   ⢀⡠⠤⠒⠊⠁
           └────────────────────────────────────────────────────
            step 1                                            40"
  `);
});

test("a metric of each epoch, by either spelling", () => {
  const drawn = drawCurve(curve(), "f1-macro", view);
  expect(drawn.join("\n")).toMatchInlineSnapshot(`
    "⠤⠤ f1-macro   newest 0.7500
    0.7500 ┤                                  ⢀⡠⠔⠊
           │                               ⡠⠔⠊⠁
           │                           ⣀⠤⠒⠉
    0.5000 ┤                       ⢀⡠⠒⠉
           │                   ⢀⡠⠔⠊⠁
           │               ⢀⡠⠔⠊⠁
    0.2500 ┤           ⢀⡠⠔⠊⠁
           └────────────────────────────────────────────────────
            step 1                                            40"
  `);
  expect(drawCurve(curve(), "f1Macro", view)).toEqual(drawn);
});

test("what can be drawn is said where something else is asked for", () => {
  expect(curveNames(curve())).toEqual(["loss", "gradient-norm", "f1-macro"]);
  expect(() => drawCurve(curve(), "accuracy", view)).toThrow(
    'found no curve "accuracy", wanted one of loss, gradient-norm, f1-macro',
  );
  expect(() => drawCurve(new Curve(Job.fromPartial({})), "loss", view)).toThrow("nothing is known");
});

test.each([30, 79, 200])("no line is wider than %d columns", (columns) => {
  for (const style of [plain, createStyle(true)])
    for (const line of drawCurve(curve(), "loss", { ...view, columns, style }))
      expect(widthOf(line)).toBeLessThanOrEqual(columns);
});
