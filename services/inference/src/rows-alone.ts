/**
 * Whether a model looks at each row of its inputs alone, so that the rows of several requests may be run
 * together. Nobody tells, so it is tried: three rows together, in two orders, against each by itself; and once more
 * with other numbers, since a model that picks rows by what is in them may pick as many as there are by chance.
 */
import { errorMessage } from "@amaas/errors";
import { tensor } from "@amaas/tensor";
import { disagreement } from "./agreement.ts";
import { divide } from "./assemble.ts";
import type { Feeds } from "./request.ts";
import {
  type Contents,
  firstThatRuns,
  guesses,
  hasRows,
  isGuessed,
  type Runnable,
  trialFeeds,
} from "./trial-feeds.ts";

/** Undefined if rows are alone; else why they are not, or why nobody knows. */
export async function rowsTogether(model: Runnable): Promise<string | undefined> {
  if (!hasRows(model)) return "not all inputs and outputs begin with the same dimension, left open";
  let reason = "";
  for (const open of isGuessed(model.inputs) ? guesses : [1]) {
    try {
      return (await tried(model, open, "random")) ?? (await triedAgain(model, open));
    } catch (error) {
      reason = `rows cannot be run together: ${errorMessage(error)}`;
    }
  }
  return reason;
}

async function tried(
  model: Runnable,
  open: number,
  contents: Contents,
): Promise<string | undefined> {
  const feeds = trialFeeds(model.inputs, { rows: 3, open }, contents);
  // A model that sorts its rows leaves at most one of the two orders as it is.
  const orders = [
    [0, 1, 2],
    [2, 0, 1],
  ] as const;
  const alone = [];
  for (const row of orders[0]) alone.push(await model.run(rowsOf(feeds, [row])));
  for (const order of orders) {
    const parts = divide(await model.run(rowsOf(feeds, order)), [1, 1, 1]);
    for (const [at, row] of order.entries()) {
      const differs = disagreement(parts[at]!, alone[row]!);
      if (differs) return `what it makes of a row depends on those beside it: ${differs}`;
    }
  }
  return undefined;
}

/** In zeros, which not every model takes. */
async function triedAgain(model: Runnable, open: number): Promise<string | undefined> {
  try {
    await model.run(trialFeeds(model.inputs, { rows: 1, open }, "zero"));
  } catch {
    return undefined;
  }
  return tried(model, open, "zero");
}

/**
 * Why nobody could say whose the rows of an output are, where they are not as many as those of the inputs; undefined
 * also where no guess at the inputs runs.
 */
export async function strayOutput(model: Runnable): Promise<string | undefined> {
  const run = await firstThatRuns(model, 2).catch(() => undefined);
  try {
    if (run) divide(run.outputs, [1, 1]);
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

/** A copy of some rows of every input, in that order. */
function rowsOf(feeds: Feeds, rows: readonly number[]): Feeds {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { type, shape, data }]) => {
      const size = data.length / shape[0]!;
      const picked = data.slice(0, rows.length * size);
      for (let at = 0; at < picked.length; at++)
        picked[at] = data[rows[Math.floor(at / size)]! * size + (at % size)]!;
      return [name, tensor(type, [rows.length, ...shape.slice(1)], picked)];
    }),
  );
}
