/**
 * A date as places on circles, so that December is beside January: sine and cosine of the day in the year, the
 * month, the weekday and the hour; and as a trend, the days less their mean over their deviation.
 *
 * A date is a text, 2024-03-10 or 2024/03/10 with or without a time of day after T or a blank, which is taken as it stands; or
 * a number, days since 1970-01-01 with a fraction. One that is missing or none of these is 0 everywhere.
 */
import { contribDomain, type GraphBuilder, type Value } from "@amaas/graph";
import type { CyclesSpec } from "@amaas/spec";
import { tensor } from "@amaas/tensor";
import { scaleOf } from "../statistics.ts";
import { arithmetic, dateOf, daysOf, firstDay, lastDay } from "./calendar.ts";
import { floats, missingFlag, texts } from "./constants.ts";
import type { AnyEncoder } from "./encoder.ts";

/** All [rows, 1]. */
interface Moment {
  readonly days: Value;
  /** 0 to 23. */
  readonly hour: Value;
  /** BOOL */
  readonly isThere: Value;
}

export const cycles: AnyEncoder<CyclesSpec> = ({ g, name, value, data }) => {
  const { days, hour, isThere } =
    data instanceof Float32Array ? counted(g, value) : written(g, value);
  const { year, month } = dateOf(g, days);
  const { n, plus, minus } = arithmetic(g);
  const newYear = daysOf(g, { year, month: n(1), day: n(1) });
  const places: readonly [string, number, Value][] = [
    ["year", 366, g.sub(days, newYear)],
    ["month", 12, minus(month, 1)],
    // 1970-01-01 was a Thursday; 700,000 weeks keep the sum above 0.
    ["week", 7, g.node("Mod", [plus(days, 4 + 4_900_000), n(7)])],
    ["day", 24, hour],
  ];
  const dates = Float32Array.from(data, dayOf);
  const { mean, deviation } = scaleOf(dates.filter((day) => !Number.isNaN(day)));
  const trend = g.div(g.sub(g.cast(days, "FP32"), floats(g, [mean])), floats(g, [deviation]));
  const circles = places.map(([, steps, place]) =>
    g.reshape(g.gather(g.constant(tensor("FP32", [steps, 2], circle(steps))), place), [-1, 2]),
  );
  const placed = g.concat([...circles, trend], 1);
  const names = places.flatMap(([cycle]) => [
    `${name}: sine of ${cycle}`,
    `${name}: cosine of ${cycle}`,
  ]);
  const part = {
    value: g.where(isThere, placed, g.scalar(0, placed)),
    names: [...names, `${name}: trend`],
  };
  if (!dates.some(Number.isNaN)) return [part];
  return [part, missingFlag(name, g.cast(g.not(isThere), "FP32"))];
};

/**
 * Sine and cosine of each step around a circle. Math.sin may differ between engines in the last of its 53 bits;
 * a test sees to it that none of these is so near the middle between two of float32 that it mattered. What is 0
 * but for such a bit is 0.
 */
export function circle(steps: number): Float32Array {
  return Float32Array.from({ length: steps * 2 }, (_, index) => {
    const angle = (2 * Math.PI * (index >> 1)) / steps;
    const wide = index % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
    return Math.abs(wide) < 1e-12 ? 0 : wide;
  });
}

const date = "[1-9]\\d{3}[-/](0[1-9]|1[0-2])[-/](0[1-9]|[12]\\d|3[01])";
const time = "([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d+)?)?";
const pattern = `${date}([T ]${time}(Z|[+-]\\d{2}:?\\d{2})?)?`;
const whole = new RegExp(`^${pattern}$`);

/** The day of a date, NaN where it is none: what the graph makes of it, too. */
export function dayOf(cell: number | string): number {
  if (typeof cell === "string") {
    if (!whole.test(cell)) return Number.NaN;
    const [year = 0, month = 0, day = 0] = cell.slice(0, 10).split(/[-/]/).map(Number);
    return Date.UTC(year, month - 1, day) / 86_400_000;
  }
  return cell >= firstDay && cell < lastDay + 1 ? Math.floor(cell) : Number.NaN;
}

function written(g: GraphBuilder, value: Value): Moment {
  const isThere = g.node("RegexFullMatch", [value], { pattern });
  const sound = g.where(isThere, value, texts(g, ["1970-01-01"]));
  // Where there is no time of day, its hour is this one.
  const withHour = g.node("StringConcat", [sound, texts(g, [" 00"])]);
  const numbers = g.node(
    "Tokenizer",
    [withHour],
    { mark: 0, mincharnum: 1, pad_value: "0", tokenexp: "\\d+" },
    { domain: contribDomain },
  );
  const first = g.node("Slice", [g.squeeze(numbers, [1]), g.ints([0]), g.ints([4]), g.ints([1])]);
  const [year, month, day, hour] = g.split(g.cast(first, "INT64"), [1, 1, 1, 1], 1);
  return { days: daysOf(g, { year: year!, month: month!, day: day! }), hour: hour!, isThere };
}

function counted(g: GraphBuilder, value: Value): Moment {
  const least = g.greaterOrEqual(value, g.scalar(firstDay, value));
  const isThere = g.and(least, g.less(value, g.scalar(lastDay + 1, value)));
  const sound = g.where(isThere, value, g.scalar(0, value));
  const day = g.node("Floor", [sound]);
  // What is left of a day is less than 1, and so are its hours than 24.
  const hours = g.mul(g.sub(sound, day), g.scalar(24, sound));
  return { days: g.cast(day, "INT64"), hour: g.cast(g.node("Floor", [hours]), "INT64"), isThere };
}
