/** The descriptor of a message with fields of every kind, and random messages of any descriptor. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  createFileRegistry,
  type DescField,
  type DescMessage,
  fromBinary,
  ScalarType,
} from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";

const path = fileURLToPath(import.meta.resolve("@amaas/proto/descriptor.binpb"));
const files = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(path)));

export function schemaOf(name: string): DescMessage {
  const found = files.getMessage(name);
  if (!found) throw new Error(`no message is called ${name}`);
  return found;
}

const scalars: { readonly [T in ScalarType]: fc.Arbitrary<unknown> } = {
  [ScalarType.DOUBLE]: fc.double(),
  [ScalarType.FLOAT]: fc.float(),
  [ScalarType.INT32]: fc.integer(),
  [ScalarType.SINT32]: fc.integer(),
  [ScalarType.SFIXED32]: fc.integer(),
  [ScalarType.UINT32]: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  [ScalarType.FIXED32]: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  [ScalarType.INT64]: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  [ScalarType.SINT64]: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  [ScalarType.SFIXED64]: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  [ScalarType.UINT64]: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  [ScalarType.FIXED64]: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  [ScalarType.BOOL]: fc.boolean(),
  [ScalarType.STRING]: fc.string({ unit: "grapheme" }),
  [ScalarType.BYTES]: fc.uint8Array(),
};

/** Messages with a few of their fields set, `depth` messages deep. */
export function messages(schema: DescMessage, depth = 4): fc.Arbitrary<ReflectMessage> {
  const fields = schema.fields.filter((field) => depth > 0 || !holdsMessage(field));
  const set = fields.map((field) => valuesOf(field, depth).map((values) => ({ field, values })));
  if (set.length === 0) return fc.constant(null).map(() => reflect(schema));
  return fc.array(fc.oneof(...set), { maxLength: 6 }).map((chosen) => {
    const message = reflect(schema);
    for (const { field, values } of chosen) write(message, field, values);
    return message;
  });
}

function holdsMessage(field: DescField): boolean {
  return field.message !== undefined;
}

type Entry = readonly [key: string, value: unknown];

function valuesOf(field: DescField, depth: number): fc.Arbitrary<readonly Entry[]> {
  const one: fc.Arbitrary<unknown> = field.message
    ? messages(field.message, depth - 1)
    : field.enum
      ? fc.constantFrom(...field.enum.values.map(({ number }) => number))
      : scalars[field.scalar ?? ScalarType.STRING];
  const key = field.fieldKind === "map" ? scalars[field.mapKey] : fc.constant("");
  const most = field.fieldKind === "list" || field.fieldKind === "map" ? 3 : 1;
  return fc.array(fc.tuple(key as fc.Arbitrary<string>, one), { minLength: 1, maxLength: most });
}

function write(message: ReflectMessage, field: DescField, values: readonly Entry[]): void {
  for (const [key, value] of values) {
    if (field.fieldKind === "list") message.get(field).add(value as string);
    else if (field.fieldKind === "map") message.get(field).set(key, value as string);
    else message.set(field, value as string);
  }
}
