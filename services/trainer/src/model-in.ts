/** The ONNX file that an architecture begins from, out of the blob store; anybody may have made it. */
import { type BlobStore, parseDigest } from "@amaas/blobs";
import { type DomainError, isDomainError } from "@amaas/errors";
import { type Model, readModel } from "@amaas/graph";
import { type ArchitectureSpec, faultySpec } from "@amaas/spec";

/** Its weights go through memory several times, as parameters and in each of the graphs. */
const mostBytes = 512 * 2 ** 20;

/** Undefined where it begins from none. */
export async function modelIn(
  architecture: ArchitectureSpec,
  blobs: BlobStore,
): Promise<Model | undefined> {
  if (architecture.type !== "onnx") return undefined;
  const digest = parseDigest(architecture.file);
  const bytes = await blobs.size(digest);
  if (bytes !== undefined && bytes > mostBytes)
    throw fault(`found ${bytes} bytes, wanted at most ${mostBytes}`);
  const content = await blobs.get(digest);
  try {
    return readModel(content);
  } catch (error) {
    throw isDomainError(error) ? fault(error.message) : error;
  }
}

function fault(description: string): DomainError {
  return faultySpec([{ field: "architecture.file", description }]);
}
