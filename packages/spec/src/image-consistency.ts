/** Fields of a data set of images that do not fit each other, in the form of `consistency.ts`. */
import type { Check } from "./consistency.ts";

/** What a row may have. */
const mostFeatures = 65_536;

export const imageChecks: readonly Check[] = [
  {
    reads: ["data.size", "data.format", "data.channels"],
    fault({ data }) {
      if (data.format !== "images") return undefined;
      const { size, channels } = data;
      const features = channels * size[0] * size[1];
      return features > mostFeatures
        ? `makes ${channels} * ${size[0]} * ${size[1]} = ${features} features, wanted at most ${mostFeatures}`
        : undefined;
    },
  },
];
