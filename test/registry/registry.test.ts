/** The registry over real sockets, the same story on SQLite and on PostgreSQL. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bus, connectBus, type Event } from "@amaas/events";
import { nullTelemetry } from "@amaas/telemetry";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type PostgresServer, postgresAvailable, startPostgres } from "../servers/postgres.ts";
import { type RegistryServer, startRegistryServer } from "./registry-server.ts";

type Told = "amaas.registry.version.created" | "amaas.registry.alias.moved";

describe.each([
  { kind: "SQLite", available: true },
  { kind: "PostgreSQL", available: postgresAvailable() },
])("on $kind", ({ kind, available }) => {
  let postgres: PostgresServer | undefined;
  let folder: string;
  let databaseUrl: string;
  let bus: Bus;
  let server: RegistryServer;
  let digest: string;
  /** A model name that no other test has. */
  let model: string;
  let count = 0;

  beforeAll(async () => {
    if (!available) return;
    folder = await mkdtemp(join(tmpdir(), "amaas-registry-"));
    if (kind === "PostgreSQL") postgres = await startPostgres();
    databaseUrl = (await postgres?.createDatabase()) ?? `sqlite:${folder}/registry.db`;
    bus = await connectBus({ telemetry: nullTelemetry(), name: "test" });
    server = await startRegistryServer({ folder, databaseUrl, bus });
    digest = await server.upload(randomBytes(1000));
  });

  afterAll(async () => {
    await server?.stop();
    await bus?.close();
    await postgres?.stop();
    if (folder) await rm(folder, { recursive: true });
  });

  beforeEach((context) => {
    if (!available) context.skip();
    model = `model-${++count}`;
  });

  const create = async (fields: object = {}, idempotencyKey = "") => {
    const request = { idempotencyKey, version: { model, digest, ...fields } };
    return (await server.registry.createVersion(request)).version!;
  };
  const move = async (version: number, options: object = {}) => {
    const request = { model, alias: "champion", version, ...options };
    return (await server.registry.moveAlias(request)).alias!;
  };
  const rollBack = async () =>
    (await server.registry.rollback({ model, alias: "champion" }, { retry: false })).alias!;
  const versions = async (many: number) => {
    for (let made = 0; made < many; made++) await create();
  };

  test("a version is kept as it was registered, with its number, size, time and trace", async () => {
    const submitted = {
      weightsSha256: "ab".repeat(32),
      inputs: [{ name: "features", datatype: "FP32", shape: [-1, 784] }],
      outputs: [{ name: "label", datatype: "INT64", shape: [-1] }],
      classes: ["zero", "one"],
      metrics: { "validation/accuracy": 0.951, "validation/loss": Number.NaN },
      lineage: { job: "job_1", datasetDigest: "d", spec: { name: "digits", n: [1, null] } },
    };
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const request = { version: { model, digest, ...submitted } };
    const { version } = await server.registry.createVersion(request, { traceparent });
    expect(version).toMatchObject({
      model,
      digest,
      version: 1,
      bytes: 1000,
      classes: ["zero", "one"],
    });
    expect(version?.metrics).toEqual(submitted.metrics);
    expect(version?.lineage?.spec).toEqual(submitted.lineage.spec);
    expect(version?.traceparent).toContain("0af7651916cd43dd8448eb211c80319c");
    expect(Date.now() - version!.createdAt!.getTime()).toBeLessThan(60_000);

    const got = await server.registry.getVersion({ model, which: { $case: "version", value: 1 } });
    expect(got.version).toEqual(version);
  });

  test("twenty at once get 1 to 20", async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => create()));
    const numbers = made.map(({ version }) => version).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  test("a refused version leaves no gap", async () => {
    await create();
    await expect(create({ digest: `sha256:${"0".repeat(64)}` })).rejects.toMatchObject({
      code: "failed-precondition",
      message: expect.stringContaining("upload the model"),
    });
    expect((await create()).version).toBe(2);
  });

  test("one key makes one version, however many ask at once", async () => {
    const key = `job_${model}`;
    const made = await Promise.all(Array.from({ length: 10 }, () => create({}, key)));
    expect(new Set(made.map(({ version }) => version))).toEqual(new Set([1]));
    expect((await create({}, key)).createdAt).toEqual(made[0]?.createdAt);
    expect((await create()).version).toBe(2);
  });

  test("a key is for one version of one model", async () => {
    const key = `job_${model}`;
    await create({}, key);
    const elsewhere = [
      { model: `${model}-other` },
      { digest: await server.upload(randomBytes(10)) },
    ];
    for (const fields of elsewhere)
      await expect(create(fields, key)).rejects.toMatchObject({
        code: "already-exists",
        metadata: { model, version: "1" },
      });
    const other = { model: `${model}-race`, digest };
    const racing = Array.from({ length: 8 }, (_, index) =>
      create(index % 2 ? other : { model: `${model}-race2` }, `${key}-race`).then(
        ({ model: name }) => name,
        (error: { code: string }) => error.code,
      ),
    );
    const outcomes = new Set(await Promise.all(racing));
    expect(outcomes).toContain("already-exists");
    expect(outcomes.size).toBe(2);
  });

  test("a stale move is refused with the revision that is current", async () => {
    await versions(3);
    expect(await move(1, { expectedRevision: 0 })).toMatchObject({ version: 1, revision: 1 });
    expect(await move(2, { expectedRevision: 1, reason: "better" })).toMatchObject({
      version: 2,
      revision: 2,
      reason: "better",
    });
    await expect(move(3, { expectedRevision: 1 })).rejects.toMatchObject({
      code: "aborted",
      message: expect.stringContaining("is at revision 2 (version 2), not at revision 1"),
      metadata: { revision: "2", version: "2" },
    });
    await expect(move(3, { expectedRevision: 0 })).rejects.toMatchObject({ code: "aborted" });
    await expect(move(3, { alias: "next", expectedRevision: 4 })).rejects.toMatchObject({
      code: "aborted",
      metadata: { revision: "0" },
    });
    expect(await move(3)).toMatchObject({ version: 3, revision: 3 });
  });

  test("of many moves from one revision exactly one succeeds", async () => {
    await versions(8);
    await move(1);
    const moves = [2, 3, 4, 5, 6, 7, 8].map((version) => move(version, { expectedRevision: 1 }));
    const outcomes = await Promise.allSettled(moves);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "aborted" });
  });

  test("a move that is repeated is one move", async () => {
    await versions(2);
    const first = await move(1);
    expect(await move(1)).toEqual(first);
    const second = await move(2, { expectedRevision: 1 });
    expect(await move(2, { expectedRevision: 1 })).toEqual(second);
    expect(second.revision).toBe(2);
  });

  test("a rollback goes to what was live before, the next one further back", async () => {
    await versions(3);
    for (const version of [1, 2, 3]) await move(version);
    expect(await rollBack()).toMatchObject({
      version: 2,
      revision: 4,
      reason: "rolled back from version 3",
    });
    expect(await rollBack()).toMatchObject({ version: 1, revision: 5 });
    await expect(rollBack()).rejects.toMatchObject({
      code: "failed-precondition",
      message: expect.stringContaining("no version was live before version 1"),
    });
    await move(3);
    expect(await rollBack()).toMatchObject({ version: 1, revision: 7 });
  });

  test("new versions and moves are told, in their trace, and nothing else is", async () => {
    const told: unknown[] = [];
    const tell = ({ data, traceparent }: Event<Told>) => {
      if (data.model === model) told.push({ ...data, trace: traceparent?.split("-")[1] });
    };
    const subscriptions = [
      bus.subscribe("amaas.registry.version.created", tell),
      bus.subscribe("amaas.registry.alias.moved", tell),
    ];
    const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    const options = { traceparent: `00-${trace}-00f067aa0ba902b7-01` };
    const { registry } = server;
    await registry.createVersion({ idempotencyKey: model, version: { model, digest } }, options);
    await registry.createVersion({ idempotencyKey: model, version: { model, digest } }, options);
    const request = { model, alias: "champion", version: 1, expectedRevision: 0 };
    await registry.moveAlias(request, options);
    await registry.moveAlias(request, options);
    await expect(registry.moveAlias({ ...request, version: 2 })).rejects.toThrow();
    await registry.createVersion({ version: { model, digest } }, options);
    await vi.waitFor(() => expect(told).toHaveLength(3));
    expect(told).toEqual([
      { model, version: 1, digest, trace },
      { model, alias: "champion", version: 1, revision: 1, trace },
      { model, version: 2, digest, trace },
    ]);
    for (const subscription of subscriptions) subscription.close();
  });

  test("a model tells its versions and every move, newest first", async () => {
    await versions(3);
    await move(1);
    await move(3);
    await move(2, { alias: "shadow" });
    await rollBack();
    const { model: told, versions: all, history } = await server.registry.getModel({ name: model });
    expect(told).toMatchObject({ name: model, latestVersion: 3 });
    expect(told?.aliases).toMatchObject([
      { alias: "champion", version: 1, revision: 3 },
      { alias: "shadow", version: 2, revision: 1 },
    ]);
    expect(all.map(({ version }) => version)).toEqual([3, 2, 1]);
    const champion = history.filter(({ alias }) => alias === "champion");
    expect(champion.map(({ revision, version }) => [revision, version])).toEqual([
      [3, 1],
      [2, 3],
      [1, 1],
    ]);
    expect(history).toHaveLength(4);
  });

  test("aliases of all models come with what is needed to load them", async () => {
    await versions(2);
    await move(2, { alias: "only-here" });
    const { entries } = await server.registry.listAliases({ alias: "only-here" });
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      alias: { model, alias: "only-here", version: 2, revision: 1 },
      version: { model, version: 2, digest, bytes: 1000 },
    });
    const got = await server.registry.getVersion({
      model,
      which: { $case: "alias", value: "only-here" },
    });
    expect(got.version).toEqual(entries[0]?.version);
    expect((await server.registry.listAliases({})).entries.length).toBeGreaterThan(1);
  });

  test("models are listed by name, page by page", async () => {
    const names = ["zz-a", "zz-a.b", "zz-a1", "zz-a_b", "zz-b"];
    for (const name of [...names].reverse()) await create({ model: name });
    const pages: string[] = [];
    for (let after = "zz"; ; ) {
      const page = (await server.registry.listModels({ after, limit: 2 })).models;
      if (page.length === 0) break;
      pages.push(...page.map(({ name }) => name));
      after = page.at(-1)?.name ?? "";
    }
    expect(pages).toEqual(names);
  });

  test("what does not exist is named", async () => {
    await versions(1);
    const { registry } = server;
    const version = (value: number, name = model) =>
      registry.getVersion({ model: name, which: { $case: "version", value } });
    const cases: [() => Promise<unknown>, string][] = [
      [() => version(1, "nowhere"), 'no model "nowhere"'],
      [() => version(2), `no version 2 of model "${model}"`],
      [() => version(4_294_967_295), "no version 4294967295"],
      [() => registry.getModel({ name: "nul\0" }), "no model"],
      [() => registry.getVersion({ model, which: { $case: "alias", value: "x" } }), 'no alias "x"'],
      [() => move(7), `no version 7 of model "${model}"`],
      [() => move(1, { model: "nowhere" }), 'no model "nowhere"'],
      [() => registry.rollback({ model, alias: "champion" }), 'no alias "champion"'],
    ];
    for (const [refused, text] of cases)
      await expect(refused()).rejects.toMatchObject({
        code: "not-found",
        message: expect.stringContaining(text),
      });
  });

  test("bad input is refused with every fault named, and harms nothing", async () => {
    const { registry } = server;
    await expect(
      registry.createVersion({ version: { model: "Not A Name", digest, weightsSha256: "x" } }),
    ).rejects.toMatchObject({
      code: "invalid-argument",
      violations: [{ field: "version.model" }, { field: "version.weights_sha256" }],
    });
    await expect(registry.createVersion({})).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(create({ digest: "sha256:../../etc" })).rejects.toMatchObject({
      code: "invalid-argument",
    });
    await create();
    await expect(move(1, { alias: "7" })).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(move(1, { reason: "x\0" })).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(registry.getVersion({ model })).rejects.toMatchObject({
      code: "invalid-argument",
    });
    await expect(registry.listModels({ after: "\0" })).rejects.toMatchObject({
      code: "invalid-argument",
    });
    expect((await create()).version).toBe(2);
  });

  test("after a restart everything is as it was", async () => {
    await versions(2);
    await move(1);
    await move(2);
    const before = await server.registry.getModel({ name: model });
    await server.stop();
    server = await startRegistryServer({ folder, databaseUrl, bus });
    expect(await server.registry.getModel({ name: model })).toEqual(before);
    expect(await rollBack()).toMatchObject({ version: 1, revision: 3 });
    expect((await create()).version).toBe(3);
  });

  if (kind !== "PostgreSQL") return;

  test("two replicas on one database number versions as one", async () => {
    const other = await startRegistryServer({ folder, databaseUrl });
    const makers = Array.from({ length: 20 }, (_, index) => (index % 2 ? server : other));
    const request = { version: { model, digest } };
    const made = await Promise.all(makers.map(({ registry }) => registry.createVersion(request)));
    const numbers = made.map(({ version }) => version!.version).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    await other.stop();
  });

  test("a lost database is unavailable until it is back", async () => {
    await create();
    await postgres?.kill();
    const request = { version: { model, digest } };
    await expect(
      server.registry.createVersion(request, { retry: false, deadlineMs: 20_000 }),
    ).rejects.toMatchObject({ code: "unavailable" });
    await postgres?.restart();
    expect((await create()).version).toBe(2);
  });
});
