/**
 * From text to a message: every field is looked up in the descriptor, and what does not fit is refused
 * at its place.
 */
import type { DescField, DescMessage, MessageShape } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect, scalarZeroValue } from "@bufbuild/protobuf/reflect";
import { refuse, type Source } from "./place.ts";
import { readEnum, readScalar, type Scalar } from "./scalars.ts";
import { type Token, Tokens } from "./tokens.ts";

const mostCharacters = 2 ** 20;
const mostDepth = 64;
const mostNames = 24;

export interface ParseOptions {
  /** What the text is called in messages. */
  readonly file?: string;
}

export function parseText<Desc extends DescMessage>(
  schema: Desc,
  text: string,
  { file = "text" }: ParseOptions = {},
): MessageShape<Desc> {
  const source: Source = { file, text };
  if (text.length > mostCharacters)
    refuse(source, 0, `${text.length} characters`, `at most ${mostCharacters}`);
  const tokens = new Tokens(source);
  const message = reflect(schema);
  readFields(message, tokens, undefined, 0);
  return message.message as MessageShape<Desc>;
}

/** Up to the sign that closes the message, or to the end. */
function readFields(
  message: ReflectMessage,
  tokens: Tokens,
  closing: string | undefined,
  depth: number,
): void {
  if (depth > mostDepth) tokens.refuse(tokens.next, `messages at most ${mostDepth} deep`);
  const seen = new Set<string>();
  for (;;) {
    const { next } = tokens;
    if (closing === undefined ? next.kind === "end" : tokens.takes(closing)) return;
    const field = readField(message.desc, tokens, closing);
    const once = field.oneof?.name ?? field.name;
    if (field.fieldKind !== "list" && field.fieldKind !== "map") {
      if (seen.has(once))
        tokens.refuse(next, field.oneof ? `one of ${namesIn(field.oneof.fields)}` : "it once");
      seen.add(once);
    }
    readValues(message, field, tokens, depth);
    if (!tokens.takes(",")) tokens.takes(";");
  }
}

function readField(message: DescMessage, tokens: Tokens, closing: string | undefined): DescField {
  const { next } = tokens;
  if (next.kind !== "name")
    tokens.refuse(next, `a field of ${message.name}${closing ? ` or ${closing}` : ""}`);
  const field = message.fields.find(({ name }) => name === next.text);
  if (!field) tokens.refuse(next, `a field of ${message.name}: ${namesIn(message.fields)}`);
  tokens.take();
  return field;
}

function namesIn(fields: readonly DescField[]): string {
  const names = fields.map(({ name }) => name);
  return names.length > mostNames ? `${names.slice(0, mostNames).join(", ")}, …` : names.join(", ");
}

function readValues(
  message: ReflectMessage,
  field: DescField,
  tokens: Tokens,
  depth: number,
): void {
  const colon = tokens.takes(":");
  const many = field.fieldKind === "list" || field.fieldKind === "map";
  if (!colon && !isMessage(field)) tokens.refuse(tokens.next, ":");
  if (!many || !tokens.takes("[")) {
    readValue(message, field, tokens, depth);
    return;
  }
  if (tokens.takes("]")) return;
  do readValue(message, field, tokens, depth);
  while (tokens.takes(","));
  if (!tokens.takes("]")) tokens.refuse(tokens.next, ", or ]");
}

function isMessage(field: DescField): boolean {
  if (field.fieldKind === "list") return field.listKind === "message";
  return field.fieldKind === "message" || field.fieldKind === "map";
}

function readValue(message: ReflectMessage, field: DescField, tokens: Tokens, depth: number): void {
  switch (field.fieldKind) {
    case "scalar":
      message.set(field, readScalar(field.scalar, tokens));
      return;
    case "enum":
      message.set(field, readEnum(field.enum, tokens));
      return;
    case "message":
      message.set(field, readMessage(field.message, tokens, depth));
      return;
    case "list":
      message.get(field).add(readItem(field, tokens, depth));
      return;
    case "map":
      readEntry(message, field, tokens, depth);
      return;
  }
}

function readItem(
  field: DescField & { readonly fieldKind: "list" },
  tokens: Tokens,
  depth: number,
): Scalar | ReflectMessage {
  if (field.listKind === "message") return readMessage(field.message, tokens, depth);
  if (field.listKind === "enum") return readEnum(field.enum, tokens);
  return readScalar(field.scalar, tokens);
}

function readMessage(desc: DescMessage, tokens: Tokens, depth: number): ReflectMessage {
  const inner = reflect(desc);
  readFields(inner, tokens, opened(tokens), depth + 1);
  return inner;
}

/** The sign that closes what the next sign opens. */
function opened(tokens: Tokens): "}" | ">" {
  if (tokens.takes("{")) return "}";
  if (tokens.takes("<")) return ">";
  return tokens.refuse(tokens.next, "{");
}

type MapField = DescField & { readonly fieldKind: "map" };

/** { key: … value: … }, where what is left out is empty; the last of a key counts. */
function readEntry(message: ReflectMessage, field: MapField, tokens: Tokens, depth: number): void {
  const closing = opened(tokens);
  let key: Scalar | undefined;
  let value: Scalar | ReflectMessage | undefined;
  while (!tokens.takes(closing)) {
    const { next } = tokens;
    const part = partOf(tokens, next, closing);
    const set = part === "key" ? key : value;
    if (set !== undefined) tokens.refuse(next, "it once");
    tokens.take();
    if (!tokens.takes(":") && (part === "key" || field.mapKind !== "message"))
      tokens.refuse(tokens.next, ":");
    if (part === "key") key = readScalar(field.mapKey, tokens);
    else value = readMapValue(field, tokens, depth);
    if (!tokens.takes(",")) tokens.takes(";");
  }
  const at = key ?? scalarZeroValue(field.mapKey, false);
  message.get(field).set(at as MapKey, value ?? emptyValue(field));
}

type MapKey = string | number | bigint | boolean;

function partOf(tokens: Tokens, next: Token, closing: string): "key" | "value" {
  if (next.kind === "name" && (next.text === "key" || next.text === "value")) return next.text;
  return tokens.refuse(next, `key, value or ${closing}`);
}

function readMapValue(field: MapField, tokens: Tokens, depth: number): Scalar | ReflectMessage {
  if (field.mapKind === "message") return readMessage(field.message, tokens, depth + 1);
  if (field.mapKind === "enum") return readEnum(field.enum, tokens);
  return readScalar(field.scalar, tokens);
}

function emptyValue(field: MapField): Scalar | ReflectMessage {
  if (field.mapKind === "message") return reflect(field.message);
  if (field.mapKind === "enum") return field.enum.values[0]?.number ?? 0;
  return scalarZeroValue(field.scalar, false);
}
