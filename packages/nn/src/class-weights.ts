/** Class weights of a loss as numbers, one for each class. */
import { type ClassWeights, childField, faultySpec } from "@amaas/spec";

/**
 * `counts` are the training rows of each class. `balanced` is rows / (classes * rows of the class)
 * over the classes that training has (King and Zeng, 2001), so that the mean over its rows is 1; a
 * class that it does not have weighs 1.
 */
export function classWeights(
  given: ClassWeights | undefined,
  classes: readonly (string | number)[],
  counts: readonly number[],
): readonly number[] | undefined {
  if (given === undefined) return undefined;
  if (given === "balanced") return balanced(counts);
  const names = classes.map(String);
  const unknown = Object.keys(given).filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw faultySpec(
      unknown.map((name) => ({
        field: childField("training.loss.classWeights", name),
        description: `names no class of the data, wanted one of ${shown(names)}`,
      })),
    );
  return names.map((name) => (Object.hasOwn(given, name) ? given[name]! : 1));
}

function balanced(counts: readonly number[]): readonly number[] {
  const rows = counts.reduce((sum, count) => sum + count, 0);
  const present = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count === 0 ? 1 : rows / (present * count)));
}

const mostShown = 10;

function shown(names: readonly string[]): string {
  const rest = names.length - mostShown;
  const first = names.slice(0, mostShown).join(", ");
  return rest > 0 ? `${first} and ${rest} more` : first;
}
