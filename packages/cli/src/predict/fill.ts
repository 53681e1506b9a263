/** Makes a tensor of any type out of loose values, refusing what the type cannot hold. */
import { DomainError, type Violation } from "@amaas/errors";
import { arrayClass, type DataType, elementCount, type Tensor, tensor } from "@amaas/tensor";
import { flagIn, floatIn, textIn, wholeIn } from "./cell.ts";

/** The ranges of whole numbers; the others take any number. */
const ranges: Readonly<Partial<Record<DataType, readonly [bigint, bigint]>>> = {
  UINT8: [0n, 255n],
  UINT16: [0n, 65_535n],
  UINT32: [0n, 4_294_967_295n],
  UINT64: [0n, 18_446_744_073_709_551_615n],
  INT8: [-128n, 127n],
  INT16: [-32_768n, 32_767n],
  INT32: [-2_147_483_648n, 2_147_483_647n],
  INT64: [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n],
};

const mostViolations = 20;

/** A missing value is NaN among floats and "" among texts, as models of tables expect it. */
export function fill(
  type: DataType,
  shape: readonly number[],
  valueAt: (at: number) => unknown,
  nameAt: (at: number) => string,
): Tensor {
  const count = elementCount(shape);
  const faults: Violation[] = [];
  const take = <T>(at: number, value: T | undefined, wanted: string, otherwise: T): T => {
    if (value === undefined && faults.length < mostViolations)
      faults.push({
        field: nameAt(at),
        description: `found ${JSON.stringify(valueAt(at)) ?? "nothing"}, wanted ${wanted}`,
      });
    return value ?? otherwise;
  };
  const made = make(type, shape, count, valueAt, take);
  if (faults.length > 0)
    throw new DomainError("invalid-argument", "values of the wrong kind", { violations: faults });
  return made;
}

type Take = <T>(at: number, value: T | undefined, wanted: string, otherwise: T) => T;

function make(
  type: DataType,
  shape: readonly number[],
  count: number,
  valueAt: (at: number) => unknown,
  take: Take,
): Tensor {
  const each = <T>(read: (value: unknown) => T | undefined, wanted: string, otherwise: T) =>
    Array.from({ length: count }, (_, at) => take(at, read(valueAt(at)), wanted, otherwise));
  if (type === "BYTES") return tensor(type, shape, each(textIn, "a text", ""));
  if (type === "BOOL")
    return tensor(type, shape, Uint8Array.from(each(flagIn, "true or false", 0)));
  if (type === "FP16")
    return tensor(
      type,
      shape,
      new Uint16Array(Float16Array.from(each(floatIn, "a number", 0)).buffer),
    );
  if (type === "FP32" || type === "FP64") {
    const values = new (arrayClass(type))(count);
    each(floatIn, "a number", 0).forEach((value, at) => {
      values[at] = value;
    });
    return tensor(type, shape, values);
  }
  const [least, most] = ranges[type] ?? [0n, 0n];
  const readWhole = (value: unknown) => wholeIn(value, least, most);
  const whole = each(readWhole, `a whole number from ${least} to ${most}`, 0n);
  if (type === "INT64") return tensor(type, shape, BigInt64Array.from(whole));
  if (type === "UINT64") return tensor(type, shape, BigUint64Array.from(whole));
  const values = new (arrayClass(type))(count);
  whole.forEach((value, at) => {
    values[at] = Number(value);
  });
  return tensor(type, shape, values);
}
