/**
 * Which form the gradients of a convolution take: a choice by shape, made once, when the gradient is derived. All
 * forms of one gradient are equal but for the order of their sums, and the node that does the work is named after
 * the form (`conv1/dW:taps`), so that a graph says what was chosen.
 *
 * The choice follows measurements on one thread of onnxruntime 1.30 with AVX-512 (milliseconds, the least of 12 to
 * 30 runs; `test/bench/conv-forms.ts` makes them again). N samples, C channels to M features, P windows a sample:
 *
 *   3x3 kernels                    forward   dX: transposed flipped gathered   dW: convolved gathered taps columns
 *   N=8  C=64  M=64  P=16²           1.12           1.31     1.25     1.74          3.07     1.43    1.23   1.69
 *   N=32 C=128 M=128 P=8²            4.17           5.07     4.57     6.35          9.65     4.79    4.23   5.99
 *   N=8  C=256 M=256 P=4²            1.23           2.27     3.12     1.43          2.84     1.40    1.82   1.86
 *   N=8  C=512 M=512 P=2²            4.00           8.74    11.16     2.13          5.44     2.89    4.15   4.03
 *   N=32 C=512 M=512 P=2²           16.58          72.12    25.06     4.74         10.54     5.89    7.96   7.84
 *   N=8  C=256 M=512 P=2² stride 2   1.83           4.01      -       1.09          2.67     1.29    2.09   1.63
 *   N=2  C=128 M=128 P=28²           2.96           3.60     3.58     4.66          6.69     3.81    3.16   3.90
 *   N=2  C=256 M=256 P=14²           3.40           4.69     5.95     3.91          7.70     4.13    3.73   4.17
 *   N=2  C=512 M=512 P=7²            3.41           5.03    10.47     3.90          8.34     4.96    9.02   8.35
 *   N=2  C=16  M=16  P=128²          1.96           3.17     1.92      -            6.46     4.22    2.52   4.44
 *   N=2  C=3   M=16  P=128²          0.66           1.08     1.39      -            2.18     2.05    2.06   1.15
 *   others
 *   7x7 N=8 C=3 M=64 P=32² stride 2  2.03           3.58      -        -            2.12     6.05   18.57   3.74
 *   1x1 N=8 C=240 M=40 P=14²         0.44           0.51     0.41      -            2.92     product 0.40
 *   depthwise 3x3 N=8 C=88 P=28²     1.45           2.26     1.29      -            5.45     shifts  2.28
 *   depthwise 5x5 N=8 C=240 P=14²    2.79           4.39     2.81      -            6.26     shifts  3.46
 *   8 groups 3x3 N=4 C=128 P=28²     1.72           2.05     1.79      -            5.28
 */
import { isStaticAxis, type StaticAxis } from "@amaas/graph";
import { shapeOf } from "../sizes.ts";
import { type Convolution, reachBehind } from "./conv-windows.ts";

export type InputForm = "transposed" | "flipped" | "gathered";
export type WeightForm = "convolved" | "product" | "columns" | "gathered" | "taps" | "shifts";

/** A convolution of which every size but that of the batch is known. */
export interface Layout {
  /** As far as it is known. */
  readonly samples: number | undefined;
  readonly channels: number;
  readonly features: number;
  readonly group: number;
  readonly axes: readonly StaticAxis[];
  /** The windows of a sample. */
  readonly windows: number;
  /** The points of the kernel. */
  readonly points: number;
}

export function layoutOf({ x, w, axes, group }: Convolution): Layout | undefined {
  const [samples, channels] = shapeOf(x);
  const [features, each] = shapeOf(w);
  if (typeof channels !== "number" || typeof features !== "number" || typeof each !== "number")
    return undefined;
  if (!axes.every(isStaticAxis) || axes.some(({ input, output }) => input * output === 0))
    return undefined;
  return {
    samples: typeof samples === "number" ? samples : undefined,
    channels,
    features,
    group,
    axes,
    windows: axes.reduce((product, { output }) => product * output, 1),
    points: axes.reduce((product, { kernel }) => product * kernel, 1),
  };
}

/** What a batch is taken to be that is not known. */
const usualBatch = 16;

export function inputForm(layout: Layout | undefined): InputForm {
  if (!layout) return "transposed";
  const { samples = usualBatch, channels, features, group, windows, points } = layout;
  if (group === 1 && points > 1) {
    // Few windows and much to read of weights: once for the batch, not once for each sample.
    if (windows <= 16 && channels >= 32) return "gathered";
    if (windows <= 256 && Math.min(channels, features) >= 256) return "gathered";
  }
  if (!canFlip(layout)) return "transposed";
  if (points === 1 || group > 1) return "flipped";
  // Turning the weights must cost little against the windows, and few channels leave it little to win.
  return channels >= 16 && samples * windows >= 16 * features ? "flipped" : "transposed";
}

/** Whether a plain convolution of dy gives dx: windows follow each other, and none begins wholly outside. */
function canFlip({ axes }: Layout): boolean {
  return axes.every((axis) => {
    const reach = (axis.kernel - 1) * axis.dilation;
    return axis.stride === 1 && axis.begin <= reach && (reachBehind(axis) ?? 0) <= reach;
  });
}

export function weightForm(layout: Layout | undefined): WeightForm {
  if (!layout) return "convolved";
  const { samples = usualBatch, channels, features, group, axes, windows, points } = layout;
  if (group > 1) return group === channels && group === features ? "shifts" : "convolved";
  if (points === 1 && axes.every(({ begin, end }) => begin + end === 0)) return "product";
  // With few channels the points of the kernel are most of a row.
  if (channels < 16) return points > 16 ? "convolved" : "columns";
  return samples * windows <= 256 || (windows <= 64 && channels >= 512) ? "gathered" : "taps";
}
