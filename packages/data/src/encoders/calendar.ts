/**
 * Days since 1970-01-01 and dates of the Gregorian calendar, either way, in the whole numbers of a graph; for
 * the years 0 to 9999. After Neri and Schneider (2023), Euclidean affine functions and their application to
 * calendar algorithms, and Hinnant's chrono-compatible date algorithms: a year begins in March, so that a leap
 * day is its last, and 400 years always have 146097 days.
 */
import type { GraphBuilder, Value } from "@amaas/graph";

const daysOf400Years = 146_097;
/** From 0000-03-01 to 1970-01-01. */
const epoch = 719_468;
/** 0000-03-01 and 9999-12-31. */
export const firstDay = -epoch;
export const lastDay = 2_932_896;

/** All INT64 [rows, 1]. */
export interface CivilDate {
  readonly year: Value;
  /** 1 to 12. */
  readonly month: Value;
  readonly day: Value;
}

export function daysOf(g: GraphBuilder, { year, month, day }: CivilDate): Value {
  const { n, plus, minus, times, over } = arithmetic(g);
  const early = g.cast(g.lessOrEqual(month, n(2)), "INT64");
  const y = g.sub(year, early);
  const fromMarch = g.add(g.sub(month, n(3)), times(early, 12));
  const ofYear = minus(g.add(over(plus(times(fromMarch, 153), 2), 5), day), 1);
  const leapDays = g.add(g.sub(over(y, 4), over(y, 100)), over(y, 400));
  return minus(g.add(g.add(times(y, 365), leapDays), ofYear), epoch);
}

export function dateOf(g: GraphBuilder, days: Value): CivilDate {
  const { n, plus, times, over } = arithmetic(g);
  const z = plus(days, epoch);
  const era = over(z, daysOf400Years);
  const ofEra = g.sub(z, times(era, daysOf400Years));
  const short = g.sub(
    g.add(g.sub(ofEra, over(ofEra, 1460)), over(ofEra, 36_524)),
    over(ofEra, 146_096),
  );
  const yearOfEra = over(short, 365);
  const before = g.sub(g.add(times(yearOfEra, 365), over(yearOfEra, 4)), over(yearOfEra, 100));
  const ofYear = g.sub(ofEra, before);
  const fromMarch = over(plus(times(ofYear, 5), 2), 153);
  const day = plus(g.sub(ofYear, over(plus(times(fromMarch, 153), 2), 5)), 1);
  const late = g.cast(g.greaterOrEqual(fromMarch, n(10)), "INT64");
  const month = g.sub(plus(fromMarch, 3), times(late, 12));
  return { year: g.add(g.add(yearOfEra, times(era, 400)), late), month, day };
}

/** With whole numbers, which INT64 divides towards 0. */
export function arithmetic(g: GraphBuilder) {
  const n = (value: number) => g.scalar(value, "INT64");
  return {
    n,
    plus: (x: Value, value: number) => g.add(x, n(value)),
    minus: (x: Value, value: number) => g.sub(x, n(value)),
    times: (x: Value, value: number) => g.mul(x, n(value)),
    over: (x: Value, value: number) => g.div(x, n(value)),
  };
}
