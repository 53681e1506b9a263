/** Small models whose answers tell which of them answered. */
import { graphBuilder, writeModel } from "@amaas/graph";
import { type DataType, tensor } from "@amaas/tensor";

/** y = factor x, over rows of four. */
export function scaling(factor: number): Uint8Array {
  const g = graphBuilder("scaling");
  const x = g.input("x", "FP32", ["rows", 4]);
  g.output("y", g.mul(x, g.scalar(factor, x)));
  g.output("negative", g.neg(x));
  return writeModel(g.model());
}

/** y = factor x as well, by way of some mebibytes of weights: large enough for a thread of its own. */
export function wideScaling(factor: number, mebibytes = 4): Uint8Array {
  const width = (mebibytes * 2 ** 20) / 4 / 8;
  const g = graphBuilder("wide");
  const x = g.input("x", "FP32", ["rows", 4]);
  const there = new Float32Array(4 * width);
  const back = new Float32Array(width * 4);
  for (let each = 0; each < 4; each++) {
    there[each * width + each] = 1;
    back[each * 4 + each] = factor;
  }
  const wide = g.matMul(x, g.initializer("there", tensor("FP32", [4, width], there)));
  g.output("y", g.matMul(wide, g.initializer("back", tensor("FP32", [width, 4], back))));
  return writeModel(g.model());
}

/** Rows of two of a type, as they came. */
export function same(type: DataType): Uint8Array {
  const g = graphBuilder("same");
  g.output("y", g.identity(g.input("x", type, ["rows", 2])));
  return writeModel(g.model());
}

/** What it is given: text, whole numbers and booleans. */
export function echo(): Uint8Array {
  const g = graphBuilder("echo");
  g.output("text", g.identity(g.input("text_in", "BYTES", ["rows", 1])));
  g.output("count", g.identity(g.input("count_in", "INT64", ["rows"])));
  g.output("flag", g.identity(g.input("flag_in", "BOOL", ["rows"])));
  return writeModel(g.model());
}

/** Takes a tenth of a second or two for 100 rows; with some thousand layers, for a single one. */
export function slow(layers = 80): Uint8Array {
  const size = 512;
  const g = graphBuilder("slow");
  const weights = g.initializer(
    "weights",
    tensor("FP32", [size, size], new Float32Array(size * size).fill(1 / size)),
  );
  let x = g.input("x", "FP32", ["rows", size]);
  for (let layer = 0; layer < layers; layer++) x = g.matMul(x, weights);
  g.output("y", x);
  return writeModel(g.model());
}

/** Gives the index back; fails in the middle of a run where one is not below ten. */
export function lookup(): Uint8Array {
  const g = graphBuilder("lookup");
  const table = g.initializer(
    "table",
    tensor(
      "FP32",
      [10],
      Float32Array.from({ length: 10 }, (_, at) => at),
    ),
  );
  g.output("y", g.gather(table, g.input("index", "INT64", ["rows"])));
  return writeModel(g.model());
}

/** The sum of each row, of any width. */
export function pictures(): Uint8Array {
  const g = graphBuilder("pictures");
  const x = g.input("x", "FP32", ["rows", "width"]);
  g.output("y", g.reduceSum(x, [1], { keepdims: false }));
  return writeModel(g.model());
}

/** How far each row is from the mean of all: no row is by itself. */
export function ranks(): Uint8Array {
  const g = graphBuilder("ranks");
  const x = g.input("x", "FP32", ["rows", 1]);
  g.output("y", g.sub(x, g.reduceMean(x, [0])));
  return writeModel(g.model());
}
