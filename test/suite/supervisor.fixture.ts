/** A supervisor to be killed: starts a suite in the folder it is given, and stays. */
import { startSuite } from "@amaas/suite";

const [directory = ""] = process.argv.slice(2);
const suite = await startSuite({ directory, ports: "free", trainers: 1, servers: 1 });
const pids = [...suite.processes.values()].map(({ pid }) => pid);
process.send?.({ type: "started", pids });
await suite.ready();
process.send?.({ type: "ready", pids });
