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
