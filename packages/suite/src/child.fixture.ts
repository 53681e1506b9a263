/** A program for the tests of supervision; its first variable says how it behaves. */
const [behaviour = "ready"] = [process.env.BEHAVIOUR];

if (behaviour === "bad-config") {
  console.error("AMAAS_PORT is -1; wanted a port");
  process.exit(78);
}
if (behaviour === "crash") {
  console.error("out of luck");
  process.exit(3);
}
if (behaviour === "stubborn") process.on("SIGTERM", () => console.log("no"));
else process.on("SIGTERM", () => process.exit(0));
process.on("disconnect", () => process.exit(0));

console.log(`hello from ${process.env.AMAAS_NODE_ID}`);
process.send?.({ type: "amaas:listening", grpc: "127.0.0.1:1", http: "127.0.0.1:2" });
process.send?.({ type: "amaas:ready" });
