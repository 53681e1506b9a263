import { expect, test } from "vitest";
import { Distribution, quantile } from "./distribution.ts";
import { createMetrics } from "./metrics.ts";

const sampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const unsampled = `${sampled.slice(0, -2)}00`;

function page(type: string) {
  const metrics = createMetrics();
  const labels = { model: 'a"b\\c\nd' };
  const distribution = new Distribution([1, 2]);
  distribution.observe(1);
  distribution.observe(1.5, sampled, 2000);
  distribution.observe(9, unsampled, 3000);
  metrics.read({
    name: "test_requests",
    help: "Requests",
    type: "counter",
    read: () => [{ labels, value: 3 }],
  });
  metrics.read({
    name: "test_padding_total",
    help: "Padding",
    type: "counter",
    read: () => [{ labels: {}, value: 0.5 }],
  });
  metrics.read({ name: "test_none", help: "None", type: "gauge", read: () => [] });
  metrics.read({
    name: "test_seconds",
    help: "Time",
    type: "histogram",
    read: () => [{ labels, distribution }],
  });
  return metrics.exposition(type).then(({ pieces }) => {
    const body = [...pieces].join("");
    return { body, lines: body.split("\n").filter((line) => line.includes("test_")) };
  });
}

test("what is read from elsewhere stands on the page in either format", async () => {
  const { lines } = await page("text/plain");
  const on = 'model="a\\"b\\\\c\\nd"';
  const histogram = [
    `test_seconds_bucket{${on},le="1"} 1`,
    `test_seconds_bucket{${on},le="2"} 2`,
    `test_seconds_bucket{${on},le="+Inf"} 3`,
    `test_seconds_sum{${on}} 11.5`,
    `test_seconds_count{${on}} 3`,
  ];
  expect(lines).toEqual([
    "# HELP test_requests Requests",
    "# TYPE test_requests counter",
    `test_requests{${on}} 3`,
    "# HELP test_padding_total Padding",
    "# TYPE test_padding_total counter",
    "test_padding_total 0.5",
    "# HELP test_seconds Time",
    "# TYPE test_seconds histogram",
    ...histogram,
  ]);

  const open = await page("application/openmetrics-text");
  expect(open.body.endsWith("\n# EOF\n")).toBe(true);
  histogram[1] += ' # {trace_id="4bf92f3577b34da6a3ce929d0e0e4736"} 1.5 2';
  expect(open.lines).toEqual([
    "# HELP test_requests Requests",
    "# TYPE test_requests counter",
    `test_requests_total{${on}} 3`,
    "# HELP test_padding Padding",
    "# TYPE test_padding counter",
    "test_padding_total 0.5",
    "# HELP test_seconds Time",
    "# TYPE test_seconds histogram",
    ...histogram,
  ]);
});

test("a quantile lies within the range that holds it", () => {
  const distribution = new Distribution([1, 2, 4]);
  expect(distribution.quantile(0.5)).toBeUndefined();
  for (const value of [0.5, 1.5, 1.5, 3]) distribution.observe(value);
  expect(distribution.quantile(0)).toBe(0);
  expect(distribution.quantile(0.25)).toBe(1);
  expect(distribution.quantile(0.5)).toBe(1.5);
  expect(distribution.quantile(1)).toBe(4);
  expect(quantile([1, 2], [0, 0, 5], 0.5)).toBe(2);
});
