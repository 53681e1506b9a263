/**
 * Server reflection, v1 and v1alpha, from the contracts' own descriptors, so that grpcurl and
 * the like can list and call what is served.
 *
 * Few servers are ever asked, so that what it takes is loaded at the first question.
 */
import { EventEmitter } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import type { ServiceDefinition, UntypedServiceImplementation } from "@grpc/grpc-js";
import type { Implementation } from "./implement.ts";
import type { ServedMethod } from "./serve.ts";

const require = createRequire(import.meta.url);
const versions = ["v1", "v1alpha"] as const;

/** A method as the reflection library has it. */
interface Added {
  readonly definition: ServiceDefinition[string];
  readonly answer: (question: unknown) => unknown;
}

export function reflectionOf(services: readonly Implementation[]): readonly ServedMethod[] {
  let loaded: ReadonlyMap<string, Added> | undefined;
  return versions.map((version) => {
    const path = `grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const method = (): Added => {
      loaded ??= load(services);
      return loaded.get(`/${path}`)!;
    };
    return {
      path,
      requestStream: true,
      responseStream: true,
      decode: (question) => method().definition.requestDeserialize(Buffer.from(question)),
      encode: (answer) => method().definition.responseSerialize(answer),
      handle: (questions) => answers(questions as AsyncIterable<unknown>, method().answer),
    };
  });
}

async function* answers(questions: AsyncIterable<unknown>, answer: Added["answer"]) {
  for await (const question of questions) yield answer(question);
}

function load(services: readonly Implementation[]): Map<string, Added> {
  const { ReflectionService } = require("@grpc/reflection") as typeof import("@grpc/reflection");
  const names = services.map(({ definition }) => definition.fullName);
  const added = new Map<string, Added>();
  new ReflectionService({ contracts: contracts() }, { services: names }).addToServer({
    addService(definition: ServiceDefinition, handlers: UntypedServiceImplementation) {
      for (const [name, method] of Object.entries(definition)) {
        const handler = handlers[name] as (call: unknown) => void;
        added.set(method.path, { definition: method, answer: (one) => ask(handler, one) });
      }
    },
  });
  return added;
}

/** The library answers each question on a stream at once. */
function ask(handler: (call: unknown) => void, question: unknown): unknown {
  let answer: unknown;
  const call = Object.assign(new EventEmitter(), {
    write(written: unknown) {
      answer = written;
    },
  });
  handler(call);
  call.emit("data", question);
  return answer;
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
