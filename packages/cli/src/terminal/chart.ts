/**
 * A curve in braille characters: each cell holds two by four dots, so that a chart of 60 by 6 cells
 * shows 120 by 24 points. A curve that falls by more than ten times is drawn on a logarithmic scale,
 * as its axis tells.
 */
import { measure } from "./figures.ts";
import type { Style } from "./style.ts";
import { padStart } from "./text.ts";

export interface Mark {
  /** Position on the x axis, as an index into the values. */
  readonly at: number;
  readonly value: number;
}

export interface ChartOptions {
  /** Cells, the axis included. */
  readonly width: number;
  readonly height: number;
  /** How many values the x axis has room for; further values come later. */
  readonly span: number;
  /** In their order; of those that are close together, the first is shown. */
  readonly marks?: readonly Mark[];
  /** What stands beneath the x axis at its two ends. */
  readonly ends?: readonly [first: string, last: string];
  readonly style: Style;
}

interface Scale {
  readonly low: number;
  readonly high: number;
  /** 0 at the bottom, 1 at the top. */
  place(value: number): number;
  value(place: number): number;
}

/** Bits of the dots in a braille cell, by column and row from the top. */
const dots = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;
const braille = 0x2800;
const logarithmicFrom = 10;
const mostDecades = 1e4;
/** Marks closer to each other, or to the axis, would hide the curve. */
const cellsPerMark = 3;

export function chart(values: readonly number[], options: ChartOptions): string[] {
  const { height, span, marks = [], ends, style } = options;
  const scale = scaleOf([...values, ...marks.map(({ value }) => value)]);
  const labels = axisLabels(scale, height);
  const labelWidth = Math.max(...labels.map((label) => label.length));
  const columns = Math.max(1, options.width - labelWidth - 2);
  const cells = plot(columnMeans(values, columns * 2, span), scale, columns, height);
  const markers = placeMarks(marks, scale, columns, height, span);
  const rows = cells.map((row, y) => {
    const line = row.map((bits, x) => {
      if (markers.has(y * columns + x)) return style.yellow("◆");
      return bits === 0 ? " " : style.cyan(String.fromCodePoint(braille + bits));
    });
    const label = labels[y] ?? "";
    const axis = style.dim(`${padStart(label, labelWidth)} ${label === "" ? "│" : "┤"}`);
    return (axis + line.join("")).trimEnd();
  });
  const left = " ".repeat(labelWidth);
  const axis = style.dim(`${left} └${"─".repeat(columns)}`);
  if (ends === undefined) return [...rows, axis];
  const gap = " ".repeat(Math.max(1, columns - ends[0].length - ends[1].length));
  return [...rows, axis, style.dim(`${left}  ${ends[0]}${gap}${ends[1]}`)];
}

/** The mean of the values that fall into each column of dots; NaN where none does. */
function columnMeans(values: readonly number[], columns: number, span: number): number[] {
  const sums = new Array<number>(columns).fill(0);
  const counts = new Array<number>(columns).fill(0);
  const room = Math.max(span, values.length, 1);
  values.forEach((value, at) => {
    if (!Number.isFinite(value)) return;
    const column = Math.min(columns - 1, Math.floor((at / room) * columns));
    sums[column] = (sums[column] ?? 0) + value;
    counts[column] = (counts[column] ?? 0) + 1;
  });
  return sums.map((sum, column) => sum / (counts[column] ?? 0));
}

/** Fewer values than columns leave gaps between points, which straight lines bridge. */
function plot(means: readonly number[], scale: Scale, columns: number, height: number): number[][] {
  const cells = Array.from({ length: height }, () => new Array<number>(columns).fill(0));
  const tallest = height * 4 - 1;
  const set = (x: number, y: number) => {
    const row = cells[Math.floor(y / 4)];
    const column = Math.floor(x / 2);
    const bit = dots[x % 2 === 0 ? 0 : 1][y % 4];
    if (row && bit !== undefined) row[column] = (row[column] ?? 0) | bit;
  };
  let before: { x: number; y: number } | undefined;
  means.forEach((mean, x) => {
    if (!Number.isFinite(mean)) return;
    const y = Math.round((1 - scale.place(mean)) * tallest);
    if (before) line(before, { x, y }, set);
    else set(x, y);
    before = { x, y };
  });
  return cells;
}

function line(
  from: { x: number; y: number },
  to: { x: number; y: number },
  set: (x: number, y: number) => void,
): void {
  const steps = Math.max(to.x - from.x, Math.abs(to.y - from.y), 1);
  for (let step = 0; step <= steps; step++)
    set(
      Math.round(from.x + ((to.x - from.x) * step) / steps),
      Math.round(from.y + ((to.y - from.y) * step) / steps),
    );
}

function placeMarks(
  marks: readonly Mark[],
  scale: Scale,
  columns: number,
  height: number,
  span: number,
): Set<number> {
  const placed = new Set<number>();
  let before = -1;
  for (const { at, value } of marks) {
    const x = Math.min(columns - 1, Math.floor((at / Math.max(span, 1)) * columns));
    if (!Number.isFinite(value) || x - before < cellsPerMark) continue;
    before = x;
    const y = Math.min(height - 1, Math.floor((1 - scale.place(value)) * height));
    placed.add(y * columns + x);
  }
  return placed;
}

function scaleOf(values: readonly number[]): Scale {
  const finite = values.filter(Number.isFinite);
  const low = finite.reduce((least, value) => Math.min(least, value), Infinity);
  const high = finite.reduce((most, value) => Math.max(most, value), -Infinity);
  if (finite.length === 0 || low === high) {
    const only = finite[0] ?? 0;
    return { low: only, high: only, place: () => 0.5, value: () => only };
  }
  if (low >= 0 && high / low >= logarithmicFrom) {
    // A single value next to nothing would press all others together at the top.
    const floor = Math.max(low, high / mostDecades);
    const range = Math.log(high / floor);
    return {
      low: floor,
      high,
      place: (value) => Math.log(Math.max(value, floor) / floor) / range,
      value: (place) => floor * Math.exp(place * range),
    };
  }
  return {
    low,
    high,
    place: (value) => (value - low) / (high - low),
    value: (place) => low + place * (high - low),
  };
}

/** The top, the bottom and, where there is room, the middle. */
function axisLabels(scale: Scale, height: number): string[] {
  const labels = new Array<string>(height).fill("");
  labels[0] = measure(scale.high);
  if (scale.high === scale.low) return labels;
  labels[height - 1] = measure(scale.low);
  const middle = Math.floor(height / 2);
  if (height >= 5) labels[middle] = measure(scale.value(1 - (middle + 0.5) / height));
  return labels;
}
