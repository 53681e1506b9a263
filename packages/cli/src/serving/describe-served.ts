/** What a model server serves, and a first line to try, for the person who started it. */
import type { Style } from "../terminal/style.ts";
import { table } from "../terminal/table.ts";
import { printable, truncate } from "../terminal/text.ts";
import type { ServedTensor, ServedVersion } from "./ask.ts";

const longestReason = 160;
const mostElements = 64;

export function servedTable(served: readonly ServedVersion[], style: Style): string[] {
  return table(
    [
      { title: "MODEL" },
      { title: "VERSION", align: "right" },
      { title: "STATE" },
      { title: "TAKES" },
      { title: "GIVES" },
    ],
    served.map(({ name, version, state, inputs, outputs }) => [
      printable(name),
      version,
      stateText(state, style),
      tensorsText(inputs),
      tensorsText(outputs),
    ]),
    style,
  );
}

/** A line for each model that does not answer. */
export function reasonLines(served: readonly ServedVersion[], style: Style): string[] {
  return served
    .filter(({ reason }) => reason !== "" && reason !== "unloaded")
    .map(({ name, version, reason }) => {
      const what = version === "" ? name : `${name} ${version}`;
      return `${style.yellow(printable(what))}: ${truncate(printable(reason), longestReason)}`;
    });
}

/** A request that a model answers, of the first whose inputs fit into a line; undefined where none answers. */
export function firstRequest(
  address: string,
  served: readonly ServedVersion[],
): string | undefined {
  const ready = served.filter(({ state }) => state === "READY");
  const urlOf = (name: string) => `http://${address}/v2/models/${encodeURIComponent(name)}`;
  for (const { name, inputs: taken } of ready) {
    const inputs = taken.map(blank);
    if (inputs.length > 0 && !inputs.includes(undefined))
      return `curl -s ${urlOf(name)}/infer -d '${JSON.stringify({ inputs })}'`;
  }
  return ready[0] && `curl -s ${urlOf(ready[0].name)}`;
}

function stateText(state: string, style: Style): string {
  if (state === "READY") return style.green("ready");
  return state === "" ? style.dim("not loaded") : style.yellow(state.toLowerCase());
}

function tensorsText(tensors: readonly ServedTensor[]): string {
  const texts = tensors.map(
    ({ name, datatype, shape }) =>
      `${printable(name)} ${datatype} [${shape.map((size) => (size === -1 ? "?" : size)).join(", ")}]`,
  );
  return texts.length > 2 ? `${texts[0]}, … ${texts.length - 1} more` : texts.join(", ");
}

/** Zeros of the smallest shape that fits. */
function blank({ name, datatype, shape: open }: ServedTensor) {
  const shape = open.map((size) => (size === -1 ? 1 : size));
  const count = shape.reduce((product, size) => product * size, 1);
  // A quote would end the argument of the command.
  if (count > mostElements || datatype === "FP16" || name.includes("'")) return undefined;
  const zero = datatype === "BYTES" ? "" : datatype === "BOOL" ? false : 0;
  return { name, datatype, shape, data: new Array<typeof zero>(count).fill(zero) };
}
