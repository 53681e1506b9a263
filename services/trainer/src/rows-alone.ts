/**
 * Whether a network of somebody else's looks at each row alone, as steps in equal parts and rows that fill up a batch
 * want it; and, where it tells the next token at each place, at none behind it. It is asked once, with rows of the data,
 * in the process that a file cannot make the trainer's end.
 */
import { openSession } from "@amaas/engine";
import { isDomainError } from "@amaas/errors";
import { writeModel } from "@amaas/graph";
import { layout, type Network, outputGraph } from "@amaas/nn";
import { faultySpec } from "@amaas/spec";
import { type Tensor, tensor } from "@amaas/tensor";

/** `values` are those of its parameters; `features` are rows, FP32 [n, F]. */
export async function requireRowsAlone(
  network: Network,
  values: Float32Array,
  features: Tensor,
): Promise<void> {
  const [first, other] = differentRows(features);
  const beside = await outputsOf(network, values, [first, other]);
  const twice = await outputsOf(network, values, [first, first]);
  const width = beside.data.length / 2;
  const differs = Array.from({ length: width }, (_, at) => at).some(
    (at) => !Object.is(beside.data[at], twice.data[at]),
  );
  if (differs)
    throw fault("what it makes of a row depends on those beside it, wanted each row by itself");
}

/**
 * A network that sees the token which it should tell learns nothing, with the best of losses.
 *
 * `features` are rows of ids, FP32 [n, places], of which a vocabulary says how many there are.
 */
export async function requirePlacesBefore(
  network: Network,
  values: Float32Array,
  features: Tensor,
  vocabulary: number,
): Promise<void> {
  const [row] = differentRows(features);
  const places = row.length;
  const other = (id: number) => (id === vocabulary - 1 ? vocabulary - 2 : vocabulary - 1);
  const from = [...new Set([1, Math.ceil(places / 2), places - 1])].filter((at) => at > 0);
  const changed = from.map((start) =>
    Float32Array.from(row, (id, at) => (at < start ? id : other(id))),
  );
  const { data } = await outputsOf(network, values, [row, ...changed]);
  const width = data.length / (changed.length + 1);
  for (const [index, start] of from.entries()) {
    const before = (width / places) * start;
    for (let at = 0; at < before; at++)
      if (!Object.is(data[at], data[(index + 1) * width + at]))
        throw fault(
          "what it tells at a place depends on those behind it, wanted a causal network, each of whose places looks at itself and those before it",
        );
  }
}

type Row = ArrayLike<number>;

/** The first, and the first that is another; the first again where there is none. */
function differentRows({ data, shape: [rows = 0, width = 0] }: Tensor): readonly [Row, Row] {
  const all = Float32Array.from(data, Number);
  const row = (at: number) => all.subarray(at * width, (at + 1) * width);
  const first = row(0);
  for (let at = 1; at < rows; at++)
    if (row(at).some((value, place) => value !== first[place])) return [first, row(at)];
  return [first, first];
}

async function outputsOf(
  network: Network,
  values: Float32Array,
  rows: readonly Row[],
): Promise<Tensor> {
  const weights = layout(network.parameters).map(({ name, shape, offset, length }) => [
    name,
    tensor("FP32", shape, values.slice(offset, offset + length)),
  ]);
  const width = rows[0]?.length ?? 0;
  const given = new Float32Array(rows.length * width);
  for (const [at, row] of rows.entries()) given.set(row, at * width);
  const features = tensor("FP32", [rows.length, width], given);
  try {
    const session = await openSession(writeModel(outputGraph(network, rows.length)));
    const feeds = { ...Object.fromEntries(weights), features };
    const { outputs } = await session.run(feeds).finally(() => session.release());
    if (!outputs) throw new Error("the network put out nothing");
    return outputs;
  } catch (error) {
    throw isDomainError(error)
      ? fault(`it does not run on samples of ${width} values: ${error.message}`)
      : error;
  }
}

function fault(description: string): Error {
  return faultySpec([{ field: "architecture.file", description }]);
}
