/** Says which columns look as if they came from the label. */
import { type Dataset, giveaways } from "@amaas/data";

export function suspects(dataset: Dataset, training: Uint32Array): string[] {
  return giveaways(dataset, training).map(
    ({ column, measure, value }) =>
      `column ${JSON.stringify(column)} alone predicts the label almost perfectly (${measure}: ${value.toFixed(4)}); if it comes from the label, list it in data.ignore`,
  );
}
