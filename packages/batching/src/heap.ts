/**
 * A binary heap whose members know their place in it, so that one can leave, or move when its key
 * has changed, in O(log n). A member is in one heap at a time.
 */
export interface Member {
  /** Its place in the heap; -1 outside of it. Written by the heap alone. */
  place: number;
}

export class Heap<T extends Member> {
  readonly #before: (a: T, b: T) => boolean;
  readonly #members: T[] = [];

  /** `before(a, b)`: whether `a` comes out first. */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#members.length;
  }

  get first(): T | undefined {
    return this.#members[0];
  }

  /** In no order. */
  members(): Iterable<T> {
    return this.#members;
  }

  push(member: T): void {
    this.#members.push(member);
    this.#rise(member, this.#members.length - 1);
  }

  /** Does nothing to who is not in it. */
  remove(member: T): void {
    const { place } = member;
    if (place < 0) return;
    member.place = -1;
    const last = this.#members.pop()!;
    if (last === member) return;
    this.#rise(last, place);
    this.#sink(last, last.place);
  }

  /** To be called when the key of a member has changed. */
  moved(member: T): void {
    this.#rise(member, member.place);
    this.#sink(member, member.place);
  }

  #rise(member: T, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#members[above]!;
      if (!this.#before(member, parent)) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(member, place);
  }

  #sink(member: T, from: number): void {
    const count = this.#members.length;
    let place = from;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= count) break;
      if (below + 1 < count && this.#before(this.#members[below + 1]!, this.#members[below]!))
        below++;
      const child = this.#members[below]!;
      if (!this.#before(child, member)) break;
      this.#put(child, place);
      place = below;
    }
    this.#put(member, place);
  }

  #put(member: T, place: number): void {
    this.#members[place] = member;
    member.place = place;
  }
}
