/** How the classes of a classification are named on the wire. */

export interface Classes {
  readonly count: number;
  readonly datatype: "INT64" | "BYTES";
}

export function classesOf(classes: readonly (string | number)[]): Classes {
  const whole = classes.every((name) => Number.isInteger(name));
  return { count: classes.length, datatype: whole ? "INT64" : "BYTES" };
}
