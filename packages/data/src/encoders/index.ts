/** The encoder of each name that a spec may give. To add one: a file, its spec, and a line here. */

import { faultyData } from "../limits.ts";
import { buckets } from "./buckets.ts";
import { category } from "./category.ts";
import { cycles } from "./cycles.ts";
import type {
  AnyEncoder,
  ColumnData,
  EncoderCall,
  EncodeType,
  NumberEncoder,
  Part,
  SpecOf,
  TextEncoder,
} from "./encoder.ts";
import { hash } from "./hash.ts";
import { oneHot } from "./one-hot.ts";
import { ordinal } from "./ordinal.ts";
import { scale } from "./scale.ts";
import { target } from "./target.ts";
import { tfIdf } from "./tf-idf.ts";
import { tokens } from "./tokens.ts";

const encoders: { readonly [K in EncodeType]: AnyEncoder<SpecOf<K>> } = {
  scale: ofNumbers(scale),
  buckets: ofNumbers(buckets),
  cycles,
  "one-hot": ofTexts(oneHot),
  ordinal: ofTexts(ordinal),
  category: ofTexts(category),
  hash: ofTexts(hash),
  target: ofTexts(target),
  "tf-idf": ofTexts(tfIdf),
  tokens: ofTexts(tokens),
};

export function encode<K extends EncodeType>(call: EncoderCall<SpecOf<K>>): readonly Part[] {
  const encoder = encoders[call.spec.type as K] as AnyEncoder<SpecOf<K>>;
  return encoder(call);
}

function ofNumbers<S extends { readonly type: string }>(encoder: NumberEncoder<S>): AnyEncoder<S> {
  return (call) => {
    const { data } = call;
    return data instanceof Float32Array ? encoder({ ...call, data }) : refuse(call, "numbers");
  };
}

function ofTexts<S extends { readonly type: string }>(encoder: TextEncoder<S>): AnyEncoder<S> {
  return (call) => {
    const { data } = call;
    return data instanceof Float32Array ? refuse(call, "texts") : encoder({ ...call, data });
  };
}

function refuse(
  { name, spec }: EncoderCall<{ readonly type: string }, ColumnData>,
  wanted: string,
): never {
  throw faultyData(
    "data.columns",
    `column ${JSON.stringify(name)} cannot be encoded as ${spec.type}, which wants ${wanted}`,
  );
}
