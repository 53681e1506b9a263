/** Batch normalization: each channel over all samples and places, or by the statistics of earlier batches. */
import { misfit } from "../misfit.ts";
import { generate, type NDArray, numbersOf } from "../ndarray.ts";
import { fallback, operator } from "../operator.ts";
import { mergeDimensions, type ValueType } from "../shape.ts";
import { channelAt, epsilon, scaleChannels, wantPerChannel } from "./channels.ts";
import { momentsOf, standardize } from "./moments.ts";
import { wantFloat } from "./type-classes.ts";

export const batchNormalization = {
  BatchNormalization: operator({
    inputs: ["X", "scale", "B", "input_mean", "input_var"],
    outputs: ["Y", "running_mean?", "running_var?"],
    attributes: {
      epsilon,
      momentum: fallback("float", Math.fround(0.9)),
      training_mode: fallback("int", 0),
    },
    infer({ x: [x, scale, bias, mean, variance], attributes: { training_mode }, outputs }) {
      wantFloat("X", x);
      if (!training_mode && outputs > 1)
        misfit("running statistics are made in training mode only (training_mode=1)");
      let channels = x.shape && (x.shape[1] ?? 1);
      for (const [name, input] of Object.entries({ scale, bias, mean, variance })) {
        wantFloat(name, input);
        wantPerChannel(name, input, channels);
        const own = input.shape?.[0];
        if (own !== undefined)
          channels = channels === undefined ? own : mergeDimensions(channels, own);
      }
      const shape = channels === undefined ? undefined : [channels];
      const statistic: ValueType = { type: mean.type, shape };
      return [{ type: x.type, shape: x.shape }, statistic, statistic];
    },
    evaluate({ x: [x, scale, bias, mean, variance], attributes }) {
      const { epsilon, momentum, training_mode } = attributes;
      const [means, variances] = [numbersOf(mean), numbersOf(variance)];
      const channelOf = channelAt(x.shape);
      const given = Array.from(means, (mean, at) => ({ mean, variance: variances[at]! }));
      const moments = training_mode ? momentsOf(x, means.length, channelOf) : given;
      const y = standardize(x, moments, channelOf, ({ variance }) => Math.sqrt(variance + epsilon));
      const moved = (of: NDArray, now: (channel: number) => number) => {
        const data = numbersOf(of);
        return generate(
          mean.type,
          mean.shape,
          (at) => momentum * data[at]! + (1 - momentum) * now(at),
        );
      };
      return [
        scaleChannels(y, scale, bias),
        moved(mean, (at) => moments[at]!.mean),
        moved(variance, (at) => moments[at]!.variance),
      ];
    },
  }),
};
