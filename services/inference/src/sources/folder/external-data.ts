/**
 * Weights that an ONNX file keeps in other files, as exporters write large models: which files those are, and what
 * the model is as one file. Everything else works with the one file, so that no other path is ever opened for a model.
 *
 * The file is scanned, not understood: nothing is copied, and no more is looked at than the graph's initializers.
 * What stands elsewhere, in the body of a loop for instance, is left and refused when the model is examined.
 */
import { DomainError } from "@amaas/errors";
import { TensorProto, TensorProto_DataLocation } from "@amaas/proto/onnx/onnx";
import { bytesPerElement, onnxTypeName, typeOfOnnx } from "@amaas/tensor";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { isPlainName } from "../../model-config/check.ts";

/** Bytes of a data file. */
export interface Part {
  readonly tensor: string;
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** The one file, piece by piece. */
export interface Assembly {
  readonly pieces: readonly (Uint8Array | Part)[];
  readonly bytes: number;
}

/** Scanning is done on the event loop. */
const mostFields = 2 ** 18;
/** An ONNX file is one protobuf message. */
const mostBytes = 2 ** 31 - 1;

const fields = {
  graph: 7,
  initializer: 5,
  rawData: 9,
  externalData: 13,
  dataLocation: 14,
} as const;

/** @throws invalid-argument naming the tensor whose data cannot be where the model says. */
export function assemblyOf(model: Uint8Array): Assembly {
  try {
    return new Scan().model(model);
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    throw new DomainError("invalid-argument", "the model cannot be read as ONNX", { cause });
  }
}

class Scan {
  #fields = 0;

  model(model: Uint8Array): Assembly {
    const rewritten = this.#rewrite(model, fields.graph, (graph) =>
      this.#rewrite(graph, fields.initializer, (tensor) => this.#tensor(tensor)),
    );
    const { bytes } = rewritten ?? { bytes: 0 };
    if (bytes > mostBytes)
      throw new DomainError(
        "invalid-argument",
        `with the weights from its data files the model has ${bytes} bytes; wanted at most ${mostBytes}`,
      );
    return rewritten ?? { pieces: [model], bytes: model.byteLength };
  }

  /** The message with every field of that number changed; undefined where there is nothing to change. */
  #rewrite(
    message: Uint8Array,
    wanted: number,
    change: (value: Uint8Array) => Assembly | undefined,
  ): Assembly | undefined {
    const pieces: (Uint8Array | Part)[] = [];
    let bytes = 0;
    let kept = 0;
    const add = (added: Assembly) => {
      for (const piece of added.pieces) pieces.push(piece);
      bytes += added.bytes;
    };
    for (const { number, start, value, end } of this.#fieldsOf(message)) {
      const changed = number === wanted && value ? change(value) : undefined;
      if (!changed) continue;
      const before = message.subarray(kept, start);
      const head = new BinaryWriter().tag(number, WireType.LengthDelimited).uint32(changed.bytes);
      add(one(before));
      add(one(head.finish()));
      add(changed);
      kept = end;
    }
    if (kept === 0) return undefined;
    add(one(message.subarray(kept)));
    return { pieces, bytes };
  }

  #tensor(bytes: Uint8Array): Assembly | undefined {
    let outside = false;
    for (const { number } of this.#fieldsOf(bytes))
      if (number === fields.externalData || number === fields.dataLocation) outside = true;
    if (!outside) return undefined;
    const tensor = TensorProto.decode(bytes);
    const { dataLocation, externalData } = tensor;
    if (dataLocation !== TensorProto_DataLocation.EXTERNAL && externalData.length === 0)
      return undefined;
    const part = partOf(tensor);
    const head = TensorProto.encode({
      ...tensor,
      dataLocation: TensorProto_DataLocation.DEFAULT,
      externalData: [],
      rawData: new Uint8Array(),
    });
    head.tag(fields.rawData, WireType.LengthDelimited).uint32(part.length);
    const before = head.finish();
    return { pieces: [before, part], bytes: before.byteLength + part.length };
  }

  *#fieldsOf(message: Uint8Array) {
    const reader = new BinaryReader(message);
    while (reader.pos < reader.len) {
      if (++this.#fields > mostFields)
        throw new DomainError(
          "invalid-argument",
          `the model has files beside it and more than ${mostFields} fields, too many to look for weights in them`,
        );
      const start = reader.pos;
      const [number, type] = reader.tag();
      let value: Uint8Array | undefined;
      if (type === WireType.LengthDelimited) value = reader.bytes();
      // At most ten bytes, where skipping would go on for as long as it is told to.
      else if (type === WireType.Varint) reader.uint32();
      else if (type === WireType.StartGroup) throw new Error("ONNX has no groups");
      else reader.skip(type, number);
      yield { number, start, value, end: reader.pos };
    }
  }
}

function one(piece: Uint8Array): Assembly {
  return { pieces: [piece], bytes: piece.byteLength };
}

function partOf({ name, dims, dataType, rawData, externalData }: TensorProto): Part {
  const given = new Map(externalData.map(({ key, value }) => [key, value]));
  const location = given.get("location") ?? "";
  const refuse = (why: string): never => {
    const file = `'${location.slice(0, 80)}'`;
    throw new DomainError(
      "invalid-argument",
      `tensor '${name.slice(0, 80)}' is in another file, ${file}: ${why}`,
    );
  };
  const whole = (key: string): number | undefined => {
    const text = given.get(key);
    if (text === undefined) return undefined;
    return /^\d{1,15}$/.test(text)
      ? Number(text)
      : refuse(`its ${key} is '${text.slice(0, 40)}'; wanted a whole number`);
  };
  if (!isPlainName(location)) refuse("wanted the plain name of a file beside the model");
  if (rawData.byteLength > 0) refuse("but has its data in the model, too");
  const wanted = sizeOf(dataType, dims);
  if (wanted !== undefined && !(wanted >= 0 && wanted <= mostBytes))
    refuse(`its type and shape take ${wanted} bytes`);
  const length = whole("length") ?? wanted ?? refuse("its length is not given");
  if (wanted !== undefined && length !== wanted)
    refuse(`its length is ${length}; its type and shape take ${wanted} bytes`);
  if (typeOfOnnx(dataType) === "BYTES" || length > mostBytes)
    refuse(`${onnxTypeName(dataType)} of ${length} bytes cannot be kept there`);
  return { tensor: name, location, offset: whole("offset") ?? 0, length };
}

/** Of other types than these onnxruntime says whether the length is right. */
function sizeOf(dataType: number, dims: readonly bigint[]): number | undefined {
  const type = typeOfOnnx(dataType);
  if (type === undefined || type === "BYTES") return undefined;
  return dims.reduce((product, size) => product * Number(size), bytesPerElement(type));
}
