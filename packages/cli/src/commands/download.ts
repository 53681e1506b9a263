/** `amaas download NAME@ALIAS`: the ONNX file of a version, whole and checked, or not at all. */
import { resolve } from "node:path";
import type { Command } from "commander";
import { type Cli, examples } from "../cli.ts";
import { UsageError } from "../failure.ts";
import { bytes } from "../terminal/figures.ts";

export function download(command: Command, cli: Cli): void {
  command
    .description("Fetches the ONNX file of a version and checks it against its digest.")
    .argument("<model>", "NAME@ALIAS or NAME@VERSION; NAME alone means NAME@champion")
    .option("-o, --to <file>", "where to put it; NAME-VERSION.onnx where it is left out")
    .addHelpText(
      "after",
      examples("amaas download digits@champion", "amaas download digits@3 -o digits.onnx"),
    )
    .action(
      cli.action(async (session, which: string, options: { to?: string }) => {
        const { name, version: wanted } = parseModelRef(which);
        const { shell } = session;
        await session.connect("download", ["registry"], async ({ client }) => {
          const version = await client.models.version(name, wanted);
          const file = resolve(shell.directory, options.to ?? `${name}-${version.version}.onnx`);
          const progress = session.openProgress();
          const phase = progress.begin("Download");
          try {
            await client.blobs.download(version.digest, file, {
              signal: shell.signal,
              onProgress: (done, total) => phase.detail(`${bytes(done)} of ${bytes(total)}`),
            });
            phase.done(`${name} version ${version.version}, ${bytes(version.bytes)} → ${file}`);
          } finally {
            progress.close();
          }
          if (session.json)
            session.printJson({
              model: name,
              version: version.version,
              digest: version.digest,
              file,
            });
        });
      }),
    );
}

/** The name becomes part of a file's name, so it has to be one. */
export function parseModelRef(text: string): { name: string; version: number | string } {
  const at = text.indexOf("@");
  const name = at === -1 ? text : text.slice(0, at);
  const which = at === -1 ? "champion" : text.slice(at + 1);
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name) || which === "")
    throw new UsageError(`found ${JSON.stringify(text)}, wanted NAME@ALIAS or NAME@VERSION`);
  return { name, version: /^[1-9]\d{0,8}$/.test(which) ? Number(which) : which };
}
