/** Versions of a registered model beside the one that the alias points to, by Triton's model control. */
import { ModelRepositoryParameter } from "@amaas/proto/inference/grpc_service";
import { describe, expect, test, vi } from "vitest";
import { row } from "./inference-server.ts";
import { scaling } from "./models.ts";
import { registryStage } from "./registry-stage.ts";

const stage = registryStage();

describe("beside the version that the alias points to", () => {
  const load = (parameters: Record<string, ModelRepositoryParameter>) =>
    stage.inference.client.repositoryModelLoad({ modelName: stage.model, parameters });
  const text = (value: string) =>
    ModelRepositoryParameter.create({ parameterChoice: { $case: "stringParam", value } });
  const ask = async (modelVersion: string) => {
    const answer = await stage.inference.client.modelInfer({
      ...row(stage.model, 1),
      modelVersion,
    });
    return answer.modelVersion;
  };

  test("others answer by number and by alias, once they are asked for", async () => {
    await stage.publish(scaling(1));
    await stage.register(scaling(2));
    await stage.register(scaling(3));
    await stage.registry.registry.moveAlias({
      model: stage.model,
      alias: "challenger",
      version: 3,
    });
    await expect(ask("2")).rejects.toMatchObject({ code: "not-found" });
    await load({ version: text("2") });
    await load({ alias: text("challenger") });
    expect(await ask("2")).toBe("2");
    expect(await ask("challenger")).toBe("3");
    expect(await ask("champion")).toBe("1");
    expect(await ask("")).toBe("1");
    const { models } = await stage.inference.client.repositoryIndex({});
    const states = models.filter(({ name }) => name === stage.model).map(({ version }) => version);
    expect(states).toEqual(["1", "2", "3"]);

    // An alias that moves takes its versions along.
    const fourth = await stage.register(scaling(4));
    await stage.registry.registry.moveAlias({
      model: stage.model,
      alias: "challenger",
      version: fourth,
    });
    await stage.inference.serves(stage.model, fourth);
    expect(await ask("challenger")).toBe("4");
    await vi.waitFor(() => expect(ask("3")).rejects.toMatchObject({ code: "not-found" }), 20_000);
    await stage.inference.client.repositoryModelUnload({
      modelName: stage.model,
      parameters: { version: text("2") },
    });
    await expect(ask("2")).rejects.toMatchObject({ code: "not-found" });
    expect(await ask("")).toBe("1");
  });

  test("a configuration may be given, and a model be let go of and taken up again", async () => {
    await stage.publish(scaling(1));
    await load({ config: text('{"max_batch_size": 3}') });
    const { config } = await stage.inference.client.modelConfig({ name: stage.model });
    expect(config?.maxBatchSize).toBe(3);
    await stage.inference.client.repositoryModelUnload({ modelName: stage.model });
    await expect(ask("")).rejects.toMatchObject({ code: "not-found" });
    await stage.promote(await stage.register(scaling(2)));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await expect(ask("")).rejects.toMatchObject({ code: "not-found" });
    await load({});
    expect(await ask("")).toBe("2");
    await expect(
      stage.inference.client.repositoryModelUnload({
        modelName: stage.model,
        parameters: { version: text("2") },
      }),
    ).rejects.toMatchObject({
      code: "failed-precondition",
      message: expect.stringContaining("alias 'champion' points to version 2"),
    });
    await expect(load({ version: text("9") })).rejects.toMatchObject({ code: "not-found" });
    await expect(load({ alias: text("nobody") })).rejects.toMatchObject({ code: "internal" });
    const file = {
      "file:1/model.onnx": ModelRepositoryParameter.create({
        parameterChoice: { $case: "bytesParam", value: scaling(1) },
      }),
    };
    await expect(load(file)).rejects.toMatchObject({ code: "invalid-argument" });
    expect(await ask("")).toBe("2");
  });
});
