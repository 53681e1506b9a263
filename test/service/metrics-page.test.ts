/** Pages of metrics that are long: made while they are sent, for peers of all kinds. */
import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { endAll, get, start } from "./echo-process.ts";

afterEach(endAll);

async function endless(fault: boolean) {
  const service = start({
    AMAAS_PORT: "0",
    TEST_ENDLESS_PAGE: "true",
    TEST_FAULT_IN_PAGE: String(fault),
  });
  const { http } = await service.message("amaas:listening");
  return { service, http };
}

test("a page without an end holds nobody up, and is not made any more when its reader has left", async () => {
  const { service, http } = await endless(false);
  const response = await fetch(`http://${http}/metrics`);
  const reader = response.body!.getReader();
  let bytes = 0;
  while (bytes < 5e6) bytes += (await reader.read()).value!.byteLength;
  expect(await get(http, "/livez")).toEqual({ status: 200, body: "ok\n" });
  await reader.cancel();
  await service.line("the page has no reader");
  expect(await get(http, "/livez")).toMatchObject({ status: 200 });
  expect(service.lines.filter(({ level }) => level === "error")).toEqual([]);
});

test("a peer that takes nothing holds no page in memory", async () => {
  const { service, http } = await endless(false);
  const [host, port] = http.split(":");
  const socket = connect(Number(port), host);
  socket.pause();
  socket.write("GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n");
  await service.line("the page has a reader");
  // Twice what sockets hold would be made by now if nobody waited for the peer.
  for (let asked = 0; asked < 200; asked++) await get(http, "/livez");
  const made = () => service.lines.filter(({ message }) => message === "the page has 20 MB").length;
  expect(made()).toBe(0);
  socket.destroy();
  await service.line("the page has no reader");
  expect(made()).toBe(0);
});

test("what fails in the middle breaks the page off, and is told", async () => {
  const { service, http } = await endless(true);
  const response = await fetch(`http://${http}/metrics`);
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow();
  const { error } = await service.line("an HTTP page failed");
  expect(error).toMatchObject({ message: "no such figure" });
  expect(await get(http, "/livez")).toMatchObject({ status: 200 });
});

test("who asks for the head of a page gets its head", async () => {
  const service = start({ AMAAS_PORT: "0" });
  const { http } = await service.message("amaas:listening");
  const head = await fetch(`http://${http}/metrics`, { method: "HEAD" });
  expect(head.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  expect(await head.text()).toBe("");
  const socket = connect(Number(http.split(":")[1]), "127.0.0.1");
  socket.write("GET /metrics HTTP/1.0\r\n\r\n");
  let page = "";
  socket.setEncoding("utf8").on("data", (text) => {
    page += text;
  });
  await once(socket, "end");
  expect(page).toMatch(/\nprocess_resident_memory_bytes \d+\n/);
});
