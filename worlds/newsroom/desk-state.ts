/** What lies on the desks of `B` copies, as arrays that decide the future. Words are numbered as in the `WordTable`. */
export class DeskState {
  /** [B]: the article that is worked on, among all. */
  readonly article: Int32Array;
  /** [B]: 0 while it is read, 1 while it is written about. */
  readonly phase: Int32Array;
  /** [B]: the tone that the analyst told. */
  readonly told: Int32Array;
  /** [B, kept], of which `noteCount` [B] are there: what the writer got. */
  readonly notes: Int32Array;
  readonly noteCount: Int32Array;
  /** The same of the episode that ended last, and its piece; `lastArticle` is -1 before one did. */
  readonly lastArticle: Int32Array;
  readonly lastTold: Int32Array;
  readonly lastNotes: Int32Array;
  readonly lastNoteCount: Int32Array;
  /** [B, written], of which `lastPieceCount` [B] are there. */
  readonly lastPiece: Int32Array;
  readonly lastPieceCount: Int32Array;

  constructor(
    readonly copies: number,
    readonly kept: number,
    readonly written: number,
  ) {
    this.article = new Int32Array(copies);
    this.phase = new Int32Array(copies);
    this.told = new Int32Array(copies);
    this.notes = new Int32Array(copies * kept);
    this.noteCount = new Int32Array(copies);
    this.lastArticle = new Int32Array(copies).fill(-1);
    this.lastTold = new Int32Array(copies);
    this.lastNotes = new Int32Array(copies * kept);
    this.lastNoteCount = new Int32Array(copies);
    this.lastPiece = new Int32Array(copies * written);
    this.lastPieceCount = new Int32Array(copies);
  }

  /** All arrays by name, to be saved. */
  arrays(): Readonly<Record<string, Int32Array>> {
    const { copies, kept, written, ...arrays } = this;
    return arrays as Record<string, Int32Array>;
  }

  /** Why saved arrays cannot stand here, with so many articles and words, or null. Sizes are not looked at. */
  faultOf(saved: Readonly<Record<string, unknown>>, articles: number, words: number): string | null {
    const limits: Readonly<Record<string, readonly [low: number, high: number]>> = {
      article: [0, articles - 1],
      phase: [0, 1],
      told: [0, 2],
      notes: [0, words - 1],
      noteCount: [0, this.kept],
      lastArticle: [-1, articles - 1],
      lastTold: [0, 2],
      lastNotes: [0, words - 1],
      lastNoteCount: [0, this.kept],
      lastPiece: [0, words - 1],
      lastPieceCount: [0, this.written],
    };
    for (const [name, [low, high]] of Object.entries(limits)) {
      const values = saved[name];
      const wrong = Array.isArray(values)
        ? values.find((value) => !Number.isInteger(value) || value < low || value > high)
        : undefined;
      if (wrong !== undefined) return `"${name}" holds ${JSON.stringify(wrong)}, not an integer from ${low} to ${high}`;
    }
    return null;
  }

  /** Copy `b` begins with an article, nothing said yet. */
  begin(b: number, article: number): void {
    this.article[b] = article;
    this.phase[b] = 0;
    this.told[b] = 1;
    this.notes.fill(0, b * this.kept, (b + 1) * this.kept);
    this.noteCount[b] = 0;
  }

  /** Keeps what copy `b` worked with as its last episode; the piece stands there already. */
  close(b: number): void {
    this.lastArticle[b] = this.article[b]!;
    this.lastTold[b] = this.told[b]!;
    for (let i = b * this.kept; i < (b + 1) * this.kept; i++) this.lastNotes[i] = this.notes[i]!;
    this.lastNoteCount[b] = this.noteCount[b]!;
  }
}
