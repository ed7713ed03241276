import { createHash } from 'node:crypto';
import { type Json, LightbulbError } from '../../core/index.ts';
import type { BatchedEnvironment, FeedbackKind, Group, GroupActions, GroupOutput } from '../batched.ts';
import { Copies } from '../copies.ts';
import type { LevelSpace } from '../environment.ts';
import { requireChoices, requireCount, requireOutput } from '../guards.ts';
import { type GroupSizes, groupSizes } from '../outputs.ts';
import { agreement, TONES } from '../text/index.ts';
import { type Newsdesk, type NewsroomEpisode, newsroomDesk } from './desk.ts';
import { DeskState } from './desk-state.ts';
import { articleLevels, articleOfLevel } from './levels.ts';
import type { Library } from './library.ts';
import { NotesReward, OWN, Paid, PieceReward, TEAM } from './paid.ts';
import { ANALYST, FEEDBACK_KINDS, newsroomGroups, SUMMARISER, WRITER } from './roles.ts';
import { Scorer, weightsOf } from './scorer.ts';
import { NEWSROOM_NAME as NAME, type NewsroomOptions } from './settings.ts';
import { requireUtterances, UtteranceReader } from './utterance.ts';
import { NewsroomView } from './view.ts';

/** What is told of a finished episode besides its returns: ROUGE as F1 of the piece against the title. */
const SCORE_NAMES = ['rouge1', 'rouge2', 'rougeL', 'tone', 'fluency'] as const;

/** A newsroom, which also tells what came of each copy's last episode. */
export interface Newsroom extends BatchedEnvironment {
  /** The episode of copy `copy` that ended last, with its texts and scores; null before one did. */
  lastEpisode(copy: number): NewsroomEpisode | null;
}

/**
 * A summariser, an analyst and a writer make a headline of an article. An episode is one article, two steps; groups are
 * `summariser`, `analyst`, `writer`, of one agent each.
 *
 * Step 1: summariser and analyst see `{ article }`, the first `words` words of its text (never its title), and the
 * summariser `{ statistics }`, what the training split knows about each of them (see `wordStatistics`). The summariser
 * picks up to `kept` of its words in an order (see `Sequence`): the notes. The analyst tells a tone: negative, neutral,
 * positive. Step 2: the writer sees `{ notes, statistics, tone }` and writes up to `written` words, each one of the notes
 * or of its own `ownWords`: the piece. Then all are terminated. Who has no turn may choose 0 only, and what it does means
 * nothing; the writer sees no notes and a neutral tone at first.
 *
 * Rewards, each in [0, 1], at the step of the turn:
 * - summariser: ROUGE-1 F1 of the notes against the title, times 1 - lengthCost notes / kept;
 * - analyst: 1 where the tone is the article's, else 0. That is the corpus's label, else AFINN's (see `NewsroomArticle`);
 * - writer: the mean of ROUGE-1 F1 of the piece against the title and its fluency (see `Fluency`).
 *
 * Team, in [0, 1], at step 2 (0 at step 1), with weights divided by their sum: rouge1Weight ROUGE-1 F1 + rougeLWeight
 * ROUGE-L F1 + toneWeight tone + fluencyWeight fluency, where tone is half 1 for the told tone being the article's, half
 * how well the piece's tone by AFINN agrees with the article's (1, 0.5 where one is neutral, 0; an empty piece 0).
 *
 * Feedback at step 2: see `FEEDBACK_KINDS`. With `alone`, the writer gets the article's first `kept` words and a neutral
 * tone whatever its colleagues do, and nobody says anything of another.
 *
 * Level: `{ article }`, its index among all articles, of whatever split. Errors of the options: `invalid_input`.
 */
export function newsroom(copies: number, options: NewsroomOptions = {}): Newsroom {
  return new NewsroomCopies(requireCount(NAME, 'copies', copies), newsroomDesk(options));
}

class NewsroomCopies implements Newsroom {
  readonly maximumSteps = 2;
  readonly stateSize = 0;
  readonly groups: readonly Group[];
  readonly levels: LevelSpace;
  readonly scoreNames = SCORE_NAMES;
  readonly feedbackKinds: readonly FeedbackKind[] = FEEDBACK_KINDS;
  private readonly library: Library;
  private readonly sizes: readonly GroupSizes[];
  private readonly desks: DeskState;
  private readonly copies: Copies<number>;
  private readonly scorer: Scorer;
  private readonly reader: UtteranceReader;
  private readonly notesReward: NotesReward;
  private readonly pieceReward: PieceReward;
  /** What the summariser's choices, and the writer's, added to the rewards in the last step. */
  private readonly notesPaid: Paid;
  private readonly piecePaid: Paid;
  private readonly view: NewsroomView;
  /** The tokens of one copy's notes. */
  private readonly noteTokens: Int32Array;
  /** [B] */
  private readonly team: Float32Array;
  /** [B]: whose episode ended in the last step. */
  private readonly ended: Uint8Array;
  /** [B, K]: what was said in the last step, where an episode ended. */
  private readonly opinions: Float32Array;
  /** Tells corpora and what is made of them apart; made when first asked for. */
  private hash: string | undefined;

  constructor(
    readonly batchSize: number,
    private readonly desk: Newsdesk,
  ) {
    const { settings, library } = desk;
    const { kept, written, words } = settings;
    this.library = library;
    this.groups = newsroomGroups(settings, library.ownWords);
    this.sizes = this.groups.map(groupSizes);
    this.desks = new DeskState(batchSize, kept, written);
    this.copies = new Copies(NAME, batchSize, this.desks.arrays(), (level) =>
      articleOfLevel(level, library.articles.length),
    );
    this.scorer = new Scorer(library, weightsOf(settings), Math.max(kept, written));
    this.reader = new UtteranceReader(Math.max(kept, words), Math.max(kept, written));
    this.notesReward = new NotesReward(this.scorer, settings.lengthCost / kept);
    this.pieceReward = new PieceReward(this.scorer);
    this.notesPaid = new Paid(batchSize, kept);
    this.piecePaid = new Paid(batchSize, written);
    this.view = new NewsroomView(library, this.desks, settings, this.notesPaid.data, this.piecePaid.data);
    this.noteTokens = new Int32Array(kept * library.table.mostTokens);
    this.team = new Float32Array(batchSize);
    this.ended = new Uint8Array(batchSize);
    this.opinions = new Float32Array(batchSize * FEEDBACK_KINDS.length);
    this.levels = articleLevels(desk.split);
  }

  reset(seed: number, output: readonly GroupOutput[]): void {
    this.checkOutput(output);
    this.copies.start(seed);
    this.desks.lastArticle.fill(-1);
    this.forget();
    for (let b = 0; b < this.batchSize; b++) this.begin(b);
    for (const { reward, terminated } of output) {
      reward.fill(0);
      terminated.fill(0);
    }
    this.view.show(output);
  }

  step(actions: readonly GroupActions[], output: readonly GroupOutput[]): void {
    this.copies.requireStarted();
    const { kept, written, words } = this.desk.settings;
    const { groups, batchSize } = this;
    const picks = requireUtterances(NAME, groups[SUMMARISER]!, batchSize, kept, 1 + words, actions[SUMMARISER]);
    const tones = requireChoices(NAME, groups[ANALYST]!, batchSize, TONES.length, actions[ANALYST]);
    const choices = 1 + this.library.ownWords.length + kept;
    const piece = requireUtterances(NAME, groups[WRITER]!, batchSize, written, choices, actions[WRITER]);
    this.checkOutput(output);
    this.forget();
    for (let b = 0; b < batchSize; b++) {
      if (this.desks.phase[b] === 0) this.read(b, picks, tones, output);
      else this.write(b, piece, output);
    }
    this.view.show(output);
  }

  teamReward(out: Float32Array): void {
    out.set(this.team);
  }

  scores(out: Float32Array): void {
    const { desks, scorer } = this;
    for (let b = 0; b < this.batchSize; b++) {
      if (this.ended[b] === 0) continue;
      const article = desks.lastArticle[b]!;
      scorer.gather(desks.lastPiece, b * desks.written, desks.lastPieceCount[b]!);
      scorer.score(article, desks.lastTold[b]!);
      const at = b * SCORE_NAMES.length;
      out[at] = scorer.rouge1;
      out[at + 1] = scorer.rougeN(2, article);
      out[at + 2] = scorer.rougeL;
      out[at + 3] = scorer.tone;
      out[at + 4] = scorer.fluency;
    }
  }

  feedback(score: Float32Array, said: Uint8Array): void {
    score.set(this.opinions);
    const { alone } = this.desk.settings;
    for (let b = 0, at = 0; b < this.batchSize; b++)
      for (let k = 0; k < FEEDBACK_KINDS.length; k++) said[at++] = alone ? 0 : this.ended[b]!;
  }

  setLevel(copy: number, level: Json | undefined): void {
    this.copies.setLevel(copy, level);
  }

  snapshot(): Json {
    return { ...(this.copies.snapshot() as object), corpus: this.fingerprint() };
  }

  restore(snapshot: Json): void {
    const saved = snapshot as Saved | null;
    if (saved?.environment === NAME && saved.corpus !== this.fingerprint()) {
      throw new LightbulbError('mismatch', 'this snapshot is of other articles, or of other words of them', {
        where: NAME,
        wanted: `${this.desk.name} as it is now, under the options that are set`,
        got: `a corpus with the fingerprint ${saved.corpus}`,
      });
    }
    const { articles, table } = this.library;
    const damage = this.desks.faultOf(saved?.arrays ?? {}, articles.length, table.valence.length);
    if (saved?.environment === NAME && damage !== null)
      throw new LightbulbError('corrupt', `the snapshot is damaged: ${damage}`, { where: NAME });
    this.copies.restore(snapshot);
    this.forget();
  }

  lastEpisode(copy: number): NewsroomEpisode | null {
    const { lastArticle, lastTold, lastNotes, lastNoteCount, lastPiece, lastPieceCount, kept, written } = this.desks;
    if (lastArticle[copy]! < 0) return null;
    const { table } = this.library;
    const notes = table.text(lastNotes, copy * kept, lastNoteCount[copy]!);
    const piece = table.text(lastPiece, copy * written, lastPieceCount[copy]!);
    return this.desk.score(lastArticle[copy]!, notes, lastTold[copy]!, piece);
  }

  render(copy: number): string {
    const { article, phase, told, notes, noteCount, kept } = this.desks;
    const lines = [`Article: ${this.desk.seen(article[copy]!)}`];
    if (phase[copy] === 1) {
      lines.push(`Notes: ${this.library.table.text(notes, copy * kept, noteCount[copy]!)}`);
      lines.push(`Tone: ${TONES[told[copy]!]}`);
    }
    const last = this.lastEpisode(copy);
    if (last !== null)
      lines.push('', `Last piece: ${last.piece}`, `Its notes: ${last.notes}`, `Its tone: ${last.told}`);
    return lines.join('\n');
  }

  /** The first step of an episode: the article becomes notes and a tone. */
  private read(b: number, picks: Int32Array, tones: Int32Array, output: readonly GroupOutput[]): void {
    const { desks, library, scorer, reader, notesReward } = this;
    const { kept, alone } = this.desk.settings;
    const article = desks.article[b]!;
    const { inOrder } = library.table;
    const [start, count] = [library.wordStart[article]!, library.wordsOf(article)];
    const picked = reader.read(picks, b * kept, kept, 1, 0, inOrder, start, count, desks.notes, b * kept);
    notesReward.article = article;
    this.notesPaid.pay(b, scorer, desks.notes, b * kept, reader.lengths, notesReward);
    output[SUMMARISER]!.reward[b] = notesReward.value[OWN]!;
    output[ANALYST]!.reward[b] = tones[b] === library.tones[article] ? 1 : 0;
    output[WRITER]!.reward[b] = 0;
    for (let g = 0; g < output.length; g++) output[g]!.terminated[b] = 0;
    desks.told[b] = tones[b]!;
    desks.noteCount[b] = picked;
    if (alone) {
      desks.noteCount[b] = Math.min(kept, count);
      for (let i = 0; i < desks.noteCount[b]!; i++) desks.notes[b * kept + i] = start + i;
    }
    for (let i = desks.noteCount[b]!; i < kept; i++) desks.notes[b * kept + i] = 0;
    desks.phase[b] = 1;
  }

  /** The second: notes and tone become a piece, and the next article begins. */
  private write(b: number, action: Int32Array, output: readonly GroupOutput[]): void {
    const { desks, library, scorer, reader, pieceReward } = this;
    const { kept, written, alone } = this.desk.settings;
    const { lastPiece, lastPieceCount } = desks;
    const [article, told, count] = [desks.article[b]!, desks.told[b]!, desks.noteCount[b]!];
    const first = 1 + library.ownWords.length;
    const at = b * written;
    const length = reader.read(
      action,
      at,
      written,
      first,
      library.ownStart,
      desks.notes,
      b * kept,
      count,
      lastPiece,
      at,
    );
    for (let i = at + length; i < at + written; i++) lastPiece[i] = 0;
    lastPieceCount[b] = length;
    scorer.gather(desks.notes, b * kept, count);
    const notesTone = scorer.toneOfText();
    const noteTokens = scorer.copyTokens(this.noteTokens);
    pieceReward.article = article;
    pieceReward.told = told;
    this.piecePaid.pay(b, scorer, lastPiece, at, reader.lengths, pieceReward);
    if (!alone) this.notesPaid.share(b, this.piecePaid, action, first);
    this.team[b] = pieceReward.value[TEAM]!;
    this.ended[b] = 1;
    if (!alone) {
      const k = b * FEEDBACK_KINDS.length;
      this.opinions[k] = count === 0 ? 0 : reader.pointed / count;
      this.opinions[k + 1] = agreement(told, notesTone);
      this.opinions[k + 2] = scorer.precision(this.noteTokens, noteTokens);
      this.opinions[k + 3] = scorer.agrees(told);
    }
    for (let g = 0; g < output.length; g++) {
      const { reward, terminated, finalObservation } = output[g]!;
      reward[b] = g === WRITER ? pieceReward.value[OWN]! : 0;
      terminated[b] = 1;
      this.view.observe(b, g, finalObservation);
    }
    // The next article begins with nothing paid.
    this.notesPaid.clear(b);
    this.piecePaid.clear(b);
    desks.close(b);
    this.begin(b);
  }

  private begin(b: number): void {
    const { split } = this.desk;
    this.desks.begin(b, this.copies.level(b) ?? split[this.copies.stream(b).integer(split.length)]!);
  }

  /** Nothing was said before a step. */
  private forget(): void {
    this.team.fill(0);
    this.opinions.fill(0);
    this.ended.fill(0);
    for (let b = 0; b < this.batchSize; b++) {
      this.notesPaid.clear(b);
      this.piecePaid.clear(b);
    }
  }

  private checkOutput(output: readonly GroupOutput[]): void {
    for (let g = 0; g < this.groups.length; g++) {
      const { observation, mask } = this.sizes[g]!;
      requireOutput(NAME, this.groups, g, this.batchSize, observation, output, mask);
    }
  }

  private fingerprint(): string {
    const { settings, digest } = this.desk;
    const { words, maxLength, ownWords, alone, tuning } = settings;
    this.hash ??= createHash('sha256')
      .update(JSON.stringify([digest, words, maxLength, ownWords, alone, tuning]))
      .digest('hex')
      .slice(0, 16);
    return this.hash;
  }
}

interface Saved {
  readonly environment?: string;
  readonly corpus?: string;
  readonly arrays?: Readonly<Record<string, unknown>>;
}
