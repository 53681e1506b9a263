/** What was found out about files by reading them, kept for as long as they do not change. */
import type { Background } from "../../background/background.ts";
import { type FileLook, readFile, readPlaces } from "./file-look.ts";
import { locationsOf, type ModelFile } from "./model-files.ts";

interface Known {
  readonly fingerprint: string;
  /** sha256:<hex> */
  readonly digest?: string;
  readonly locations?: readonly string[];
}

/** Of files that may be gone by now, too. */
const mostKnown = 20_000;

export class KnownFiles {
  readonly #background: Pick<Background, "digest">;
  readonly #known = new Map<string, Known>();

  constructor(background: Pick<Background, "digest">) {
    this.#background = background;
  }

  modelFile(look: FileLook): ModelFile {
    return {
      look,
      bytes: look.bytes,
      digest: () => this.#digest(look),
      read: () => readFile(look),
      readPlaces: (places) => readPlaces(look, places),
    };
  }

  /** The files that a model keeps weights in. */
  async locations(look: FileLook): Promise<readonly string[]> {
    const known = this.#of(look);
    if (known.locations) return known.locations;
    const locations = locationsOf(await readFile(look));
    this.#keep(look, { ...this.#of(look), locations });
    return locations;
  }

  async #digest(look: FileLook): Promise<string> {
    const known = this.#of(look);
    if (known.digest !== undefined) return known.digest;
    const digest = await this.#background.digest(look);
    this.#keep(look, { ...this.#of(look), digest });
    return digest;
  }

  #of({ path, fingerprint }: FileLook): Known {
    const known = this.#known.get(path);
    return known?.fingerprint === fingerprint ? known : { fingerprint };
  }

  #keep({ path }: FileLook, known: Known): void {
    if (this.#known.size >= mostKnown) this.#known.clear();
    this.#known.set(path, known);
  }
}
