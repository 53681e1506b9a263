/** The descriptors of the contract's messages, read when the first one is asked for: inferences need none. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import {
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";

let loaded: FileRegistry | undefined;

/** Takes some milliseconds, once. */
function registry(): FileRegistry {
  const path = createRequire(import.meta.url).resolve("@amaas/proto/descriptor.binpb");
  loaded ??= createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(path)));
  return loaded;
}

/** A message of the package `inference`. */
export function messageOf(name: string): DescMessage {
  const found = registry().getMessage(`inference.${name}`);
  if (!found) throw new Error(`the contract has no message ${name}`);
  return found;
}
