import { Job } from "@amaas/proto/amaas/scheduler/v1/jobs";
import { expect, test } from "vitest";
import { createStyle, plain } from "../terminal/style.ts";
import { widthOf } from "../terminal/text.ts";
import { Curve } from "./curve.ts";
import { trainingFrame, trainingLine } from "./frame.ts";

const totalSteps = 1500;

/** A training whose loss halves every 140 steps, looked at after `steps` of them. */
function curveAfter(steps: number): Curve {
  const lossAt = (step: number) => 2.3 * Math.exp(-step / 200) + 0.05;
  const job = Job.fromPartial({
    id: "job_1",
    state: 4,
    progress: {
      step: steps,
      totalSteps,
      epoch: Math.floor(steps / 125),
      totalEpochs: 12,
      loss: lossAt(steps),
      samplesPerSecond: 11_234,
      learningRate: 0.001,
      ...(steps > 1 && { gradientNorm: 0.7213, weightNorm: 21.37, updateRatio: 0.000_912_3 }),
      ...(steps > 0 && {
        stepTime: {
          data: 0.0001,
          compute: 0.0031,
          reduce: 0.0002,
          exchange: 0.0002,
          apply: 0.0006,
          wait: 0.0008,
        },
      }),
      workers: 2,
      secondsLeft: (totalSteps - steps) / 200,
      evaluations: Array.from({ length: Math.floor(steps / 125) }, (_, epoch) => ({
        step: 125 * (epoch + 1),
        split: "validation",
        metrics: { loss: lossAt(125 * epoch) + 0.1, accuracy: 1 - 0.5 * Math.exp(-epoch) },
      })),
    },
  });
  const curve = new Curve(job);
  const losses = Float64Array.from({ length: steps }, (_, step) => lossAt(step));
  curve.take({ job, firstStep: 0, losses, series: [] });
  return curve;
}

test("halfway, at 80 columns", () => {
  expect(
    trainingFrame(curveAfter(750), { columns: 79, style: plain }).join("\n"),
  ).toMatchInlineSnapshot(`
    "
      ━━━━━━━━━━━━━━━━━╸─────────────────   50 %   epoch 6/12   step 750/1,500
      loss 0.1041   validation accuracy 0.9966   11,234 samples/s
      learning rate 0.001   2 workers   best epoch 6   4 s left
      norm of gradient 0.721, weights 21.4   update ratio 0.000912
      step 5.0 ms data▁2% compute▅62% reduce▁4% exchange▁4% apply▁12% wait▂16%

      ⠤⠤ training loss   ◆ validation loss
      2.4500 ┤⠒⠤⣀  ◆
             │   ⠉⠑⠢⢄⡀  ◆
             │       ⠈⠑⠢⢄⡀   ◆
      0.5057 ┤           ⠈⠑⠒⠤⣀     ◆
             │                ⠉⠒⠢⢄⣀     ◆
             │                     ⠉⠒⠢⢄⣀     ◆
      0.1044 ┤                          ⠉⠑⠒⠢⠤⣀
             └────────────────────────────────────────────────────────────────"
  `);
});

test("at the end, at 50 columns", () => {
  expect(
    trainingFrame(curveAfter(1500), { columns: 49, style: plain }).join("\n"),
  ).toMatchInlineSnapshot(`
    "
      ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
      100 %   epoch 12/12   step 1,500/1,500
      loss 0.0513   validation accuracy 1.0000
      11,234 samples/s   learning rate 0.001
      2 workers   best epoch 12
      norm of gradient 0.721, weights 21.4
      update ratio 0.000912
      step 5.0 ms data▁2% compute▅62% reduce▁4%
      exchange▁4% apply▁12% wait▂16%

      ⠤⠤ training loss   ◆ validation loss
      2.4500 ┤⠒⢄⡀◆
             │  ⠈⠒⢄⡀◆
             │     ⠈⠒⢄⡀◆  ◆
      0.3544 ┤        ⠈⠒⠤⡀   ◆
             │           ⠈⠑⠢⢄⡀  ◆  ◆  ◆  ◆  ◆
             │               ⠈⠑⠒⠤⣀⡀            ◆  ◆
      0.0513 ┤                    ⠈⠉⠑⠒⠒⠢⠤⠤⠤⠤⣀⣀⣀⣀⣀⣀⣀
             └─────────────────────────────────────"
  `);
});

test("before the first step there is a bar and nothing to draw", () => {
  expect(
    trainingFrame(curveAfter(0), { columns: 79, style: plain }).join("\n"),
  ).toMatchInlineSnapshot(`
    "
      ─────────────────────────────────────    0 %   epoch 0/12   step 0/1,500
      11,234 samples/s   learning rate 0.001   2 workers   8 s left"
  `);
});

test.each([40, 60, 79, 120])(
  "no line is wider than %d columns, with colours or without",
  (columns) => {
    for (const colours of [false, true])
      for (const line of trainingFrame(curveAfter(900), { columns, style: createStyle(colours) }))
        expect(widthOf(line)).toBeLessThanOrEqual(columns);
  },
);

test("a line for a pipe", () => {
  expect(trainingLine(curveAfter(750))).toMatchInlineSnapshot(
    `"epoch 6/12  step 750/1,500  loss 0.1041  validation accuracy 0.9966  11,234 samples/s  learning rate 0.001  2 workers  best epoch 6  4 s left"`,
  );
});

test("a step told again after a return to a checkpoint is one step", () => {
  const curve = curveAfter(100);
  const { job } = curve;
  curve.take({ job, firstStep: 50, losses: new Float64Array(60).fill(1), series: [] });
  expect(curve.losses).toHaveLength(110);
  curve.take({ job, firstStep: 112, losses: Float64Array.of(2), series: [] });
  expect(curve.losses.slice(109)).toEqual([1, Number.NaN, Number.NaN, 2]);
});
