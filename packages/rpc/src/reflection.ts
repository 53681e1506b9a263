/**
 * Server reflection, v1 and v1alpha, from the contracts' own descriptors, so that grpcurl and
 * the like can list and call what is served.
 *
 * Few servers are ever asked, so that what it takes is loaded at the first question.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import type {
  handleBidiStreamingCall,
  Server,
  ServerDuplexStream,
  ServiceDefinition,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Implementation } from "./implement.ts";

const require = createRequire(import.meta.url);
const versions = ["v1", "v1alpha"] as const;

/** A method as the reflection library adds it. */
interface Added {
  readonly definition: ServiceDefinition[string];
  readonly handler: handleBidiStreamingCall<unknown, unknown>;
}

export function addReflection(server: Server, services: readonly Implementation[]): void {
  let loaded: ReadonlyMap<string, Added> | undefined;
  for (const version of versions) {
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const method = (): Added => {
      loaded ??= load(services);
      return loaded.get(path)!;
    };
    server.register(
      path,
      (call: ServerDuplexStream<unknown, unknown>) => method().handler(call),
      (response) => method().definition.responseSerialize(response),
      (request) => method().definition.requestDeserialize(request),
      "bidi",
    );
  }
}

function load(services: readonly Implementation[]): Map<string, Added> {
  const { ReflectionService } = require("@grpc/reflection") as typeof import("@grpc/reflection");
  const names = services.map(({ definition }) => definition.fullName);
  const added = new Map<string, Added>();
  new ReflectionService({ contracts: contracts() }, { services: names }).addToServer({
    addService(definition: ServiceDefinition, handlers: UntypedServiceImplementation) {
      for (const [name, method] of Object.entries(definition))
        added.set(method.path, {
          definition: method,
          handler: handlers[name] as handleBidiStreamingCall<unknown, unknown>,
        });
    },
  });
  return added;
}

/** In the form of a loaded definition, of which reflection looks at nothing but the files. */
function contracts() {
  const path = require.resolve("@amaas/proto/descriptor.binpb");
  const fileDescriptorProtos = filesOf(readFileSync(path));
  return {
    format: "Protocol Buffer 3 EnumDescriptorProto",
    type: {},
    fileDescriptorProtos,
  } as const;
}

/** FileDescriptorSet { repeated FileDescriptorProto file = 1 } */
function filesOf(set: Uint8Array): Buffer[] {
  const reader = new BinaryReader(set);
  const files: Buffer[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1 && type === WireType.LengthDelimited) files.push(Buffer.from(reader.bytes()));
    else reader.skip(type, field);
  }
  return files;
}
