/**
 * The language that update rules are written in: a line for each value, in the arithmetic and the syntax of
 * JavaScript, of which it is a small part.
 *
 *   line        name = expression
 *   expression  sum, or sum < sum ? expression : expression, or the same with <=
 *   sum         + - * / and a minus sign, with the usual precedence; numbers, names, ( ), and functions
 *
 * All values are IEEE doubles. A name may be given a new value, which counts from the next line on.
 */

/** Of so many operands; the functions among them are those of `Math`. */
const operands = {
  "+": 2,
  "-": 2,
  "*": 2,
  "/": 2,
  negate: 1,
  abs: 1,
  sqrt: 1,
  sign: 1,
  /** To the nearest float32. */
  fround: 1,
  /** a < b ? x : y, of a, b, x and y. */
  "<": 4,
  "<=": 4,
} as const;

export type Operation = keyof typeof operands;

export type Expression =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "operation"; readonly operation: Operation; readonly of: Expression[] };

export interface Assignment {
  readonly name: string;
  readonly value: Expression;
}

/** Of one line. */
export function parseFormula(line: string): Assignment {
  const [name, equals, ...rest] = line.match(/[A-Za-z]\w*|\d+(\.\d+)?|<=|\S/g) ?? [];
  if (name === undefined || equals !== "=") throw wrong(line, "name = expression");
  const reader = new Reader(line, rest);
  const value = reader.expression();
  reader.end();
  return { name, value };
}

class Reader {
  readonly #line: string;
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(line: string, tokens: readonly string[]) {
    this.#line = line;
    this.#tokens = tokens;
  }

  expression(): Expression {
    const a = this.#sum();
    const compared = this.#next("<") ?? this.#next("<=");
    if (!compared) return a;
    const b = this.#sum();
    this.#wants("?");
    const x = this.expression();
    this.#wants(":");
    return operation(compared, a, b, x, this.expression());
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw wrong(this.#line, "nothing more", this.#found);
  }

  #sum(): Expression {
    let left = this.#product();
    for (;;) {
      const sign = this.#next("+") ?? this.#next("-");
      if (!sign) return left;
      left = operation(sign, left, this.#product());
    }
  }

  #product(): Expression {
    let left = this.#factor();
    for (;;) {
      const sign = this.#next("*") ?? this.#next("/");
      if (!sign) return left;
      left = operation(sign, left, this.#factor());
    }
  }

  #factor(): Expression {
    if (this.#next("-")) return operation("negate", this.#factor());
    if (this.#next("(")) {
      const inside = this.expression();
      this.#wants(")");
      return inside;
    }
    const token = this.#tokens[this.#at] ?? "";
    if (!/^\w/.test(token)) throw wrong(this.#line, "a value", this.#found);
    this.#at += 1;
    if (/^\d/.test(token)) return { kind: "number", value: Number(token) };
    return this.#next("(") ? this.#call(token) : { kind: "name", name: token };
  }

  #call(name: string): Expression {
    if (!isFunction(name)) throw wrong(this.#line, "a function", name);
    const of = [this.expression()];
    while (this.#next(",")) of.push(this.expression());
    this.#wants(")");
    if (of.length !== operands[name])
      throw wrong(this.#line, `${operands[name]} operands of ${name}`, `${of.length}`);
    return operation(name, ...of);
  }

  get #found(): string {
    return this.#tokens[this.#at] ?? "the end";
  }

  #next<Token extends string>(token: Token): Token | undefined {
    if (this.#tokens[this.#at] !== token) return undefined;
    this.#at += 1;
    return token;
  }

  #wants(token: string): void {
    if (!this.#next(token)) throw wrong(this.#line, token, this.#found);
  }
}

function operation(operation: Operation, ...of: Expression[]): Expression {
  return { kind: "operation", operation, of };
}

function isFunction(name: string): name is Operation {
  return name !== "negate" && Object.hasOwn(operands, name);
}

function wrong(line: string, wanted: string, found?: string): Error {
  return new Error(`"${line}": wanted ${wanted}${found === undefined ? "" : `, found ${found}`}`);
}
