/** From a message to the text that has to read as it: a field a line, what is not set left out. */
import { type DescEnum, type DescMessage, type MessageShape, ScalarType } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";

export function printText<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
): string {
  return fieldsOf(reflect(schema, message))
    .map((line) => `${line}\n`)
    .join("");
}

function fieldsOf(message: ReflectMessage): string[] {
  return message.desc.fields.flatMap((field) => {
    if (!message.isSet(field)) return [];
    switch (field.fieldKind) {
      case "scalar":
        return [`${field.name}: ${scalarText(field.scalar, message.get(field))}`];
      case "enum":
        return [`${field.name}: ${enumText(field.enum, message.get(field))}`];
      case "message":
        return block(field.name, fieldsOf(message.get(field)));
      case "list":
        return [...message.get(field)].flatMap((item) => {
          if (field.listKind === "message")
            return block(field.name, fieldsOf(item as ReflectMessage));
          const text =
            field.listKind === "enum" ? enumText(field.enum, item) : scalarText(field.scalar, item);
          return [`${field.name}: ${text}`];
        });
      case "map":
        return [...message.get(field).entries()].flatMap(([key, value]) => {
          const first = `key: ${scalarText(field.mapKey, key)}`;
          if (field.mapKind === "message")
            return block(field.name, [first, ...block("value", fieldsOf(value as ReflectMessage))]);
          const text =
            field.mapKind === "enum"
              ? enumText(field.enum, value)
              : scalarText(field.scalar, value);
          return block(field.name, [first, `value: ${text}`]);
        });
    }
    return [];
  });
}

function block(name: string, lines: readonly string[]): string[] {
  return [`${name} {`, ...lines.map((line) => `  ${line}`), "}"];
}

function enumText(type: DescEnum, value: unknown): string {
  return type.values.find(({ number }) => number === value)?.name ?? String(value);
}

function scalarText(type: ScalarType, value: unknown): string {
  if (type === ScalarType.STRING) return quoted(new TextEncoder().encode(String(value)));
  if (value instanceof Uint8Array) return quoted(value);
  if (typeof value !== "number") return String(value);
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0" : String(value);
}

function quoted(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    if (character === '"' || character === "\\") text += `\\${character}`;
    else if (byte >= 32 && byte < 127) text += character;
    else text += `\\${byte.toString(8).padStart(3, "0")}`;
  }
  return `"${text}"`;
}
