/** Which requests may share a run: those whose inputs differ in nothing but their rows. */
import type { Feeds, Signature } from "./request.ts";

/** The same text for all that may; where a model leaves no size open but the rows, always the same. */
export function shapesOf({ inputs }: Signature): (feeds: Feeds) => string {
  const open = inputs.filter(
    ({ shape }) => shape.length === 0 || shape.slice(1).some((size) => typeof size === "string"),
  );
  if (open.length === 0) return () => "";
  return (feeds) => open.map(({ name }) => feeds[name]!.shape.slice(1).join()).join(";");
}
