import { expect, test } from "vitest";
import { parseNatsUrl } from "./nats-servers.ts";

test.each([
  ["nats://127.0.0.1:4333", { servers: ["127.0.0.1:4333"] }],
  ["nats://a,nats://b:5000", { servers: ["a:4222", "b:5000"] }],
  ["nats://me:se%40cret@a", { servers: ["a:4222"], user: "me", pass: "se@cret" }],
  ["nats://t0ken@a", { servers: ["a:4222"], token: "t0ken" }],
  ["tls://a", { servers: ["a:4222"], tls: {} }],
])("%s", (url, servers) => {
  expect(parseNatsUrl(url)).toEqual(servers);
});

test.each(["", "127.0.0.1:4222", "http://a", "nats://", "nats://a,,nats://b"])(
  "%j is refused",
  (url) => {
    expect(() => parseNatsUrl(url)).toThrow(expect.objectContaining({ code: "invalid-argument" }));
  },
);

test("a refusal does not repeat the password", () => {
  expect(() => parseNatsUrl("http://me:secret@a")).toThrow(/^(?!.*secret)/);
});
