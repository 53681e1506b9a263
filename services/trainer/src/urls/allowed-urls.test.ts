/** Which URLs a list allows, and which addresses are nobody's but ours. */
import { expect, test } from "vitest";
import { isLoopbackAddress, isPublicAddress } from "./addresses.ts";
import { allowance, parseAllowedUrls } from "./allowed-urls.ts";

function by(list: string, url: string) {
  const parsed = parseAllowedUrls(list);
  if ("fault" in parsed) throw new Error(parsed.fault);
  return allowance(new URL(url), parsed.value);
}

test.each([
  ["", "https://a.example/x", undefined],
  ["https://a.example", "https://a.example/x", "named"],
  ["https://a.example", "https://a.example.evil.example/x", undefined],
  ["https://a.example", "https://a.example:8443/x", undefined],
  ["https://a.example", "http://a.example/x", undefined],
  ["https://a.example/data", "https://a.example/data", "named"],
  ["https://a.example/data/", "https://a.example/data/x?y=1", "named"],
  ["https://a.example/data", "https://a.example/database", undefined],
  ["https://a.example/data", "https://a.example/data/../secret", undefined],
  ["https://a.example/data", "https://a.example/data/%2e%2e/secret", undefined],
  ["https://a.example/data", "https://a.example/data/..%2fsecret", undefined],
  ["https://b.example, https://a.example/data", "https://a.example/data/x", "named"],
  ["https://", "https://a.example/x", "public"],
  ["https://", "http://a.example/x", undefined],
  ["https://,https://a.example", "https://a.example/x", "named"],
  ["http://127.0.0.1:8000", "http://127.0.0.1:8000/x", "named"],
  ["http://127.0.0.1:8000", "http://localhost:8000/x", undefined],
  ["http://localhost:8000", "http://localhost:8000/x", "named"],
])("a list %j answers for %s: %s", (list, url, wanted) => {
  expect(by(list, url)).toBe(wanted);
});

test.each([
  "a.example",
  "ftp://a.example",
  "http://a.example",
  "http://10.0.0.1/",
  "https://user:secret@a.example/",
  "https://a.example/?x=1",
])("%s is no entry of a list, and is not repeated", (entry) => {
  expect(parseAllowedUrls(`https://b.example,${entry}`)).toEqual({
    fault: "entry 2 is no beginning of an https:// URL, nor of an http:// URL of this machine",
  });
});

test.each([
  ["8.8.8.8", true],
  ["172.32.0.1", true],
  ["2606:4700::1111", true],
  ["0.0.0.0", false],
  ["10.1.2.3", false],
  ["100.100.100.200", false],
  ["127.0.0.1", false],
  ["169.254.169.254", false],
  ["172.16.0.1", false],
  ["192.168.1.1", false],
  ["255.255.255.255", false],
  ["::", false],
  ["::1", false],
  ["::ffff:8.8.8.8", false],
  ["64:ff9b::7f00:1", false],
  ["2001:db8::1", false],
  ["2002:7f00:1::", false],
  ["fd00:ec2::254", false],
  ["fe80::1", false],
  ["ff02::1", false],
  ["a.example", false],
])("%s is public: %s", (address, wanted) => {
  expect(isPublicAddress(address)).toBe(wanted);
});

test("what is this machine's", () => {
  expect(["127.0.0.1", "127.9.9.9", "::1"].every(isLoopbackAddress)).toBe(true);
  expect(["128.0.0.1", "::2", "localhost"].some(isLoopbackAddress)).toBe(false);
});
