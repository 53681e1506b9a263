import { fork } from "node:child_process";
import http2 from "node:http2";
import { nullTelemetry } from "@amaas/telemetry";
import { ParameterServerDefinition } from "@amaas/proto/amaas/parameter_server/v1/parameter_server";
import { createClient, createServer, implement, Channel } from "../src/index.ts";
const telemetry = nullTelemetry();
const size = 512 * 1024;
const count = Number(process.env.N ?? 600);
const weights = (version: number, values: Uint8Array) => ({ message: { $case: "weights" as const, value: { version, chunk: 1, values } } });
if (process.argv[2] === "server") {
  const payload = new Uint8Array(size);
  const server = createServer({ telemetry, services: [implement(ParameterServerDefinition, {
    async *exchange(requests, context) {
      const mode = context.metadata("mode");
      if (mode === "down") { for (let i = 0; i < count; i++) yield weights(i, payload); return; }
      let n = 0, bytes = 0;
      for await (const { message } of requests) {
        if (message?.$case === "contribution") bytes += message.value.gradient.length;
        n++;
        if (mode === "echo" && message?.$case === "contribution") yield weights(n, message.value.gradient);
      }
      yield { message: { $case: "orders", value: { version: n, pass: 1, leaves: [] } } };
    },
  })] });
  const port = await server.listen("127.0.0.1", 0);
  const raw = http2.createServer({ settings: process.env.WIN ? { initialWindowSize: Number(process.env.WIN) } : {} });
  raw.on("session", (s) => { if (process.env.WIN) s.setLocalWindowSize(Number(process.env.WIN)); });
  raw.on("stream", (stream, headers) => {
    stream.respond({ ":status": 200 });
    const mode = headers["mode"];
    const buf = Buffer.alloc(size);
    if (mode === "down") { let i = 0; const w = () => { while (i < count) { i++; if (!stream.write(buf)) { stream.once("drain", w); return; } } stream.end(); }; w(); stream.resume(); return; }
    let n = 0;
    stream.on("data", (d) => { n += d.length; if (mode === "echo") { if (!stream.write(d)) { stream.pause(); stream.once("drain", () => stream.resume()); } } });
    stream.on("end", () => stream.end(String(n)));
  });
  raw.listen(0, "127.0.0.1", () => { process.on("message", () => { const u = process.cpuUsage(); process.send!((u.user + u.system) / 1e6); }); process.on("disconnect", () => process.exit()); process.send!({ port, raw: (raw.address() as any).port }); });
} else {
  const child = fork(import.meta.filename, ["server"], { stdio: "inherit" });
  const { port, raw } = await new Promise<any>((r) => child.once("message", r));
  const payload = new Uint8Array(size).fill(7);
  const client = createClient(ParameterServerDefinition, `127.0.0.1:${port}`, { telemetry });
  const session = http2.connect(`http://127.0.0.1:${raw}`, { settings: process.env.WIN ? { initialWindowSize: Number(process.env.WIN) } : {} });
  if (process.env.WIN) session.once("remoteSettings", () => session.setLocalWindowSize(Number(process.env.WIN)));
  const cpu = () => { const u = process.cpuUsage(); return (u.user + u.system) / 1e6; };
  const ask = () => new Promise<number>((r) => { child.once("message", (m) => r(m as number)); child.send("cpu"); });
  const mbs = (t: number) => Math.round(size * count / 1e6 / ((performance.now() - t) / 1000));
  const rawRun = (mode: string) => new Promise<number>((resolve) => {
    const t = performance.now();
    const stream = session.request({ ":method": "POST", ":path": "/", mode });
    const buf = Buffer.alloc(size);
    let i = 0;
    if (mode === "down") stream.end(); else { const w = () => { while (i < count) { i++; if (!stream.write(buf)) { stream.once("drain", w); return; } } stream.end(); }; w(); }
    stream.on("data", () => {});
    stream.on("end", () => resolve(mbs(t)));
  });
  const rpcRun = async (mode: string) => {
    const t = performance.now();
    async function* requests() { if (mode !== "down") for (let i = 0; i < count; i++) yield { message: { $case: "contribution" as const, value: { version: i, gradient: payload } } }; }
    for await (const r of client.exchange(requests(), { metadata: { mode } })) void r;
    return mbs(t);
  };
  for (let round = 0; round < Number(process.env.R ?? 3); round++) for (const mode of (process.env.MODES ?? "up,down,echo").split(",")) {
    const c0 = cpu(), s0 = await ask();
    const a = process.env.NORAW ? 0 : await rawRun(mode);
    const c1 = cpu(), s1 = await ask();
    const b = await rpcRun(mode);
    const c2 = cpu(), s2 = await ask(); const gb = size * count / 1e9;
    console.log(mode.padEnd(5), "raw", a, "rpc", b, "MB/s", (b / a).toFixed(2), "cpu s/GB raw client", ((c1 - c0) / gb).toFixed(2), "server", ((s1 - s0) / gb).toFixed(2), "rpc client", ((c2 - c1) / gb).toFixed(2), "server", ((s2 - s1) / gb).toFixed(2));
  }
  child.disconnect(); client.close(); session.close();
}
