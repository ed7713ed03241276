import type { GroupOutput } from '../batched.ts';
import { TONES } from '../text/index.ts';
import type { DeskState } from './desk-state.ts';
import type { Library } from './library.ts';
import { PAID } from './paid.ts';
import { ANALYST, SUMMARISER, WRITER } from './roles.ts';
import type { NewsroomSettings } from './settings.ts';
import { OUTLOOK } from './tone-outlook.ts';
import { UtteranceMasks } from './utterance.ts';
import { STATISTICS } from './word-statistics.ts';

/** What the roles see of their desks, and what they may do: observations and masks. */
export class NewsroomView {
  private readonly first: number;
  private readonly pickMasks: UtteranceMasks;
  private readonly toneMasks = new UtteranceMasks(1, TONES.length);
  private readonly pieceMasks: UtteranceMasks;
  /** What is known about the words of each article: [its words, STATISTICS], and about any word. */
  private readonly known: readonly Float32Array[];
  private readonly statistics: Float32Array;
  private readonly outlook: Float32Array;
  /** How many numbers of the pay of notes, and of a piece, are seen. */
  private readonly notesWidth: number;
  private readonly pieceWidth: number;

  /** notesPaid, piecePaid: see `Paid`. */
  constructor(
    private readonly library: Library,
    private readonly desks: DeskState,
    private readonly settings: NewsroomSettings,
    private readonly notesPaid: Float32Array,
    private readonly piecePaid: Float32Array,
  ) {
    const { kept, written, words } = settings;
    const { statistics, wordStart } = library;
    this.first = 1 + library.ownWords.length;
    this.pickMasks = new UtteranceMasks(kept, 1 + words);
    this.pieceMasks = new UtteranceMasks(written, this.first + kept);
    this.statistics = statistics;
    this.outlook = library.outlook;
    this.notesWidth = kept * PAID;
    this.pieceWidth = written * PAID;
    this.known = library.articles.map((_, a) =>
      statistics.subarray(wordStart[a]! * STATISTICS, wordStart[a + 1]! * STATISTICS),
    );
  }

  /** Writes what all see, may do, and that they live, for every copy. */
  show(output: readonly GroupOutput[]): void {
    const { desks, library, first } = this;
    for (let b = 0; b < desks.copies; b++) {
      for (let g = 0; g < output.length; g++) this.observe(b, g, output[g]!.observation);
      const isReading = desks.phase[b] === 0;
      const pointers = 1 + library.wordsOf(desks.article[b]!);
      this.pickMasks.write(output[SUMMARISER]!.actionMask, b, isReading ? pointers : 1);
      this.toneMasks.write(output[ANALYST]!.actionMask, b, isReading ? TONES.length : 1);
      this.pieceMasks.write(output[WRITER]!.actionMask, b, isReading ? 1 : first + desks.noteCount[b]!);
    }
    for (let g = 0; g < output.length; g++) {
      output[g]!.alive.fill(1);
      output[g]!.truncated.fill(0);
    }
  }

  /** What group `g` sees in copy `b`, written to its place in `out`: dicts with their parts in the order of their names. */
  observe(b: number, g: number, out: Float32Array): void {
    const { maxLength, words } = this.settings;
    if (g === WRITER) this.observeNotes(b, out);
    else if (g === ANALYST) {
      const at = b * (maxLength + OUTLOOK);
      this.observeArticle(b, out, at);
      const from = this.desks.article[b]! * OUTLOOK;
      for (let i = 0; i < OUTLOOK; i++) out[at + maxLength + i] = this.outlook[from + i]!;
    } else {
      const paid = this.notesWidth;
      const at = b * (maxLength + paid + words * STATISTICS);
      this.observeArticle(b, out, at);
      copyRow(this.notesPaid, b, paid, out, at + maxLength);
      const known = this.known[this.desks.article[b]!]!;
      out.set(known, at + maxLength + paid);
      out.fill(0, at + maxLength + paid + known.length, at + maxLength + paid + words * STATISTICS);
    }
  }

  private observeArticle(b: number, out: Float32Array, at: number): void {
    const text = this.library.texts[this.desks.article[b]!]!;
    out.set(text, at);
    out.fill(0, at + text.length, at + this.settings.maxLength);
  }

  private observeNotes(b: number, out: Float32Array): void {
    const { desks, statistics } = this;
    const { maxLength, kept, alone } = this.settings;
    const paid = this.pieceWidth;
    const width: number = STATISTICS;
    const at = b * (maxLength + paid + kept * width + TONES.length);
    const count = desks.noteCount[b]!;
    this.library.table.write(desks.notes, b * kept, count, out, at, maxLength);
    copyRow(this.piecePaid, b, paid, out, at + maxLength);
    const told = at + maxLength + paid + kept * width;
    let to = at + maxLength + paid;
    for (let i = b * kept; i < b * kept + count; i++) {
      const row = desks.notes[i]! * width;
      for (let f = row; f < row + width; f++) out[to++] = statistics[f]!;
    }
    out.fill(0, to, told + TONES.length);
    out[told + (alone ? 1 : desks.told[b]!)] = 1;
  }
}

/** Row `b` of rows of so many numbers, to `out[at...]`. */
function copyRow(rows: Float32Array, b: number, width: number, out: Float32Array, at: number): void {
  for (let i = 0; i < width; i++) out[at + i] = rows[b * width + i]!;
}
