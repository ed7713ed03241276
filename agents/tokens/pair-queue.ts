interface Entry {
  readonly pair: number;
  readonly count: number;
}

/** Pairs by how often they occur, the most frequent first, of equals the smallest: a binary heap. */
export class PairQueue {
  private readonly entries: Entry[] = [];

  push(pair: number, count: number): void {
    const { entries } = this;
    const entry = { pair, count };
    let at = entries.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(entries[parent]!, entry)) break;
      entries[at] = entries[parent]!;
      at = parent;
    }
    entries[at] = entry;
  }

  pop(): Entry | null {
    const { entries } = this;
    const first = entries[0];
    const last = entries.pop();
    if (first === undefined || last === undefined) return null;
    if (entries.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= entries.length) break;
      if (child + 1 < entries.length && isBefore(entries[child + 1]!, entries[child]!)) child++;
      if (isBefore(last, entries[child]!)) break;
      entries[at] = entries[child]!;
      at = child;
    }
    entries[at] = last;
    return first;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.count === b.count ? a.pair < b.pair : a.count > b.count;
}
