import { expect, test } from "vitest";
import { age, bytes, count, duration, measure, remaining } from "./figures.ts";
import { createStyle } from "./style.ts";
import { padEnd, padStart, printable, truncate, widthOf } from "./text.ts";

const style = createStyle(true);

test("escape sequences take no room", () => {
  expect(widthOf(style.red("four"))).toBe(4);
  expect(padEnd(style.red("ab"), 4)).toBe(`${style.red("ab")}  `);
  expect(padStart("é", 3)).toBe("  é");
});

test("what is cut off is marked, and a style does not leak out of it", () => {
  expect(truncate("abcdef", 6)).toBe("abcdef");
  expect(truncate("abcdef", 4)).toBe("abc…");
  expect(truncate(`${style.red("abc")}def`, 3)).toBe("\x1b[31mab…\x1b[0m");
  expect(truncate("abc", 0)).toBe("");
});

test("text from elsewhere cannot move the cursor or turn the writing around", () => {
  expect(printable("a\x1b[2Jb\r\nc\u202ed")).toBe("a\ufffd[2Jb c\ufffdd");
});

test("numbers as people read them", () => {
  expect([0, 0.04213, 2.345, 12.345, 123.45, 12_345.6, 1.2e-7].map(measure)).toEqual([
    "0",
    "0.0421",
    "2.3450",
    "12.35",
    "123.5",
    "12,346",
    "1.20e-7",
  ]);
  expect(count(1234567)).toBe("1,234,567");
  expect([0, 999, 1000, 7_840_000, 123_456_789].map(bytes)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "7.8 MB",
    "123 MB",
  ]);
});

test("durations and ages", () => {
  expect([3, 999.4, 999.9, 8123, 59_960, 125_000, 11_520_000].map(duration)).toEqual([
    "3 ms",
    "999 ms",
    "1.0 s",
    "8.1 s",
    "1 min 00 s",
    "2 min 05 s",
    "3 h 12 min",
  ]);
  expect([2.1, 89, 300, 7200].map(remaining)).toEqual(["3 s", "89 s", "5 min", "2.0 h"]);
  const now = Date.parse("2030-01-10T00:00:00Z");
  const ago = (seconds: number) => age(new Date(now - seconds * 1000), now);
  expect([5, 61, 7300, 300_000].map(ago)).toEqual([
    "5 s ago",
    "1 min ago",
    "2 h ago",
    "3 days ago",
  ]);
});
