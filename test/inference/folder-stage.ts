/** For tests of models in a folder: one for each test, and a server on it. */
import { afterEach, beforeEach, expect, vi } from "vitest";
import { type InferenceServer, startInferenceServer } from "./inference-server.ts";
import { type ModelFolder, modelFolder } from "./model-folder.ts";

export interface FolderStage {
  readonly folder: ModelFolder;
  /** Starts a server on the folder, which ends with the test, and waits until it is ready. */
  serve(
    mode: "none" | "poll" | "explicit",
    env?: Readonly<Record<string, string>>,
  ): Promise<InferenceServer>;
}

export function folderStage(): FolderStage {
  let folder: ModelFolder;
  let server: InferenceServer | undefined;

  beforeEach(async () => {
    folder = await modelFolder();
  });

  afterEach(async () => {
    await server?.stop();
    server = undefined;
    await folder.close();
  });

  return {
    get folder() {
      return folder;
    },
    async serve(mode, env = {}) {
      const started = await startInferenceServer({
        env: {
          AMAAS_MODEL_REPOSITORY: folder.path,
          AMAAS_MODEL_CONTROL_MODE: mode,
          AMAAS_REPOSITORY_POLL_SECONDS: "1",
          ...env,
        },
      });
      server = started;
      await vi.waitFor(() => expect(started.ready()).toBe(true), 20_000);
      return started;
    },
  };
}

/** Name, version and state of everything. */
export async function indexOf({ client }: InferenceServer): Promise<string[]> {
  const { models } = await client.repositoryIndex({});
  return models.map(({ name, version, state }) => `${name} ${version} ${state}`.trim());
}

/** Why a model does not answer, or not as it should. */
export async function reasonOf(
  { client }: InferenceServer,
  model: string,
): Promise<string | undefined> {
  const { models } = await client.repositoryIndex({});
  return models.find(({ name }) => name === model)?.reason;
}
