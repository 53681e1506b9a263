/** Where the bytes of weights go when a model is written: into it, or into a file of their own beside it. */
import { DomainError } from "@amaas/errors";
import { TensorProto_DataLocation as DataLocation, type TensorProto } from "@amaas/proto/onnx/onnx";
import { safeLocation } from "./external.ts";

/** Protobuf counts the bytes of a message in 31 bits. */
const mostBytes = 2 ** 31 - 1;
/** A reader that maps the file finds every tensor at an address its processor likes, large ones on a page. */
const alignment = { small: 64, page: 4096, largeFrom: 2 ** 20 };

export interface Storage {
  put(proto: TensorProto, raw: Uint8Array): void;
}

export class InModel implements Storage {
  #bytes = 0;

  put(proto: TensorProto, raw: Uint8Array): void {
    this.#bytes += raw.byteLength;
    wantWritable(this.#bytes);
    proto.rawData = raw;
  }
}

/** Refuses what no reader could take, before memory is taken for it. */
export function wantWritable(bytes: number): void {
  if (bytes > mostBytes)
    throw new DomainError(
      "invalid-argument",
      `the model takes more than the ${mostBytes} bytes that an ONNX file can have; write it with writeModelWithData, which keeps the weights in a file of their own`,
    );
}

export interface DataOptions {
  /** The name of the data file, relative to the folder of the model. */
  readonly location: string;
  /** Smaller tensors, in bytes, stay in the model. */
  readonly threshold?: number;
}

export class DataFile implements Storage {
  /** What the file consists of, one piece after the other: views of the tensors, and zeros between them. */
  readonly pieces: Uint8Array[] = [];
  readonly #location: string;
  readonly #threshold: number;
  readonly #model: Storage;
  #size = 0;

  constructor({ location, threshold = 1024 }: DataOptions, model: Storage) {
    this.#location = safeLocation(location);
    this.#threshold = threshold;
    this.#model = model;
  }

  put(proto: TensorProto, raw: Uint8Array): void {
    if (raw.byteLength === 0 || raw.byteLength < this.#threshold) {
      this.#model.put(proto, raw);
      return;
    }
    const { small, page, largeFrom } = alignment;
    this.#padTo(raw.byteLength < largeFrom ? small : page);
    proto.dataLocation = DataLocation.EXTERNAL;
    proto.externalData = [
      { key: "location", value: this.#location },
      { key: "offset", value: `${this.#size}` },
      { key: "length", value: `${raw.byteLength}` },
    ];
    this.#add(raw);
  }

  #padTo(multiple: number): void {
    const over = this.#size % multiple;
    if (over > 0) this.#add(new Uint8Array(multiple - over));
  }

  #add(bytes: Uint8Array): void {
    this.pieces.push(bytes);
    this.#size += bytes.byteLength;
  }
}
