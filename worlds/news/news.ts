import { createHash } from 'node:crypto';
import { type Json, LightbulbError, stream } from '../../core/index.ts';
import type { BatchedEnvironment, Group, GroupActions, GroupOutput } from '../batched.ts';
import { Copies } from '../copies.ts';
import type { LevelSpace } from '../environment.ts';
import { requireChoices, requireCount, requireOutput } from '../guards.ts';
import { levelObject } from '../levels.ts';
import type { ScriptedPolicy } from '../scripted.ts';
import type { Text } from '../space.ts';
import { flatten, unflatten } from '../spaces/index.ts';
import { TOPICS } from './articles.ts';
import { NEWS_NAME as NAME, type NewsCorpus, type NewsOptions, openCorpus } from './corpus.ts';

/**
 * Name the topic of a news article. An episode is one step: the agent sees title, new line and description (Text, cut
 * to `maxLength` characters) and chooses World, Sports, Business or Sci/Tech; reward 1 for the right one, otherwise 0;
 * terminated. The final observation is the article that it was about. Articles are drawn from the split.
 *
 * Level: `{ article }`, its index among all articles, of whatever split. Errors of the options: see `openCorpus`.
 */
export function newsTopics(copies: number, options: NewsOptions = {}): BatchedEnvironment {
  const maxLength = requireCount(NAME, 'maxLength', options.maxLength ?? 400);
  return new NewsTopics(requireCount(NAME, 'copies', copies), maxLength, openCorpus(options));
}

/** Looks the article up, as who labelled it: the right topic of all articles of the corpus, and 0 for other texts. */
export function lookUpTopic(options: NewsOptions = {}): ScriptedPolicy {
  const space = textOf(options.maxLength ?? 400);
  const topics = new Map(openCorpus(options).texts.map(({ text, topic }) => [text, topic]));
  return (observation, offset) => topics.get(unflatten(space, observation, offset) as string) ?? 0;
}

function textOf(maxLength: number): Text {
  return { type: 'text', maxLength };
}

class NewsTopics implements BatchedEnvironment {
  readonly maximumSteps = 1;
  readonly stateSize = 0;
  readonly groups: readonly Group[];
  readonly levels: LevelSpace;
  private readonly space: Text;
  private readonly copies: Copies<number>;
  /** [B]: the article that is read, among all. */
  private readonly article: Int32Array;
  /** Tells corpora apart; made when first asked for. */
  private hash: string | undefined;

  constructor(
    readonly batchSize: number,
    private readonly maxLength: number,
    private readonly corpus: NewsCorpus,
  ) {
    this.space = textOf(maxLength);
    this.groups = [
      {
        name: 'agent',
        agents: ['agent_0'],
        observation: this.space,
        action: { type: 'discrete', n: TOPICS.length, labels: TOPICS },
        masked: false,
      },
    ];
    this.article = new Int32Array(batchSize);
    this.copies = new Copies(NAME, batchSize, { article: this.article }, (level) => this.readLevel(level));
    this.levels = articleLevels(corpus);
  }

  reset(seed: number, output: readonly GroupOutput[]): void {
    const out = requireOutput(NAME, this.groups, 0, this.batchSize, this.maxLength, output);
    this.copies.start(seed);
    for (let b = 0; b < this.batchSize; b++) {
      this.begin(b);
      this.show(b, out.observation);
    }
    out.reward.fill(0);
    out.terminated.fill(0);
    out.truncated.fill(0);
    out.alive.fill(1);
  }

  step(actions: readonly GroupActions[], output: readonly GroupOutput[]): void {
    this.copies.requireStarted();
    const choice = requireChoices(NAME, this.groups[0]!, this.batchSize, TOPICS.length, actions[0]);
    const out = requireOutput(NAME, this.groups, 0, this.batchSize, this.maxLength, output);
    for (let b = 0; b < this.batchSize; b++) {
      out.reward[b] = choice[b] === this.corpus.texts[this.article[b]!]!.topic ? 1 : 0;
      this.show(b, out.finalObservation);
      this.begin(b);
      this.show(b, out.observation);
    }
    out.terminated.fill(1);
    out.truncated.fill(0);
    out.alive.fill(1);
  }

  setLevel(copy: number, level: Json | undefined): void {
    this.copies.setLevel(copy, level);
  }

  snapshot(): Json {
    return { ...(this.copies.snapshot() as object), corpus: this.fingerprint() };
  }

  restore(snapshot: Json): void {
    const saved = snapshot as { readonly environment?: string; readonly corpus?: string } | null;
    if (saved?.environment === NAME && saved.corpus !== this.fingerprint()) {
      throw new LightbulbError('mismatch', 'this snapshot is of other articles', {
        where: NAME,
        wanted: `${this.corpus.name} as it is now, cut to ${this.maxLength} characters`,
        got: `a corpus with the fingerprint ${saved.corpus}`,
      });
    }
    this.copies.restore(snapshot);
  }

  render(copy: number): string {
    return this.corpus.texts[this.article[copy]!]!.text;
  }

  private fingerprint(): string {
    this.hash ??= createHash('sha256').update(JSON.stringify(this.corpus.texts)).digest('hex').slice(0, 16);
    return this.hash;
  }

  private begin(b: number): void {
    const { split } = this.corpus;
    this.article[b] = this.copies.level(b) ?? split[this.copies.stream(b).integer(split.length)]!;
  }

  private show(b: number, out: Float32Array): void {
    flatten(this.space, this.corpus.texts[this.article[b]!]!.text, out, b * this.maxLength);
  }

  private readLevel(level: Json): number {
    const { article } = levelObject(NAME, level, ['article']);
    const last = this.corpus.texts.length - 1;
    if (Number.isInteger(article) && (article as number) >= 0 && (article as number) <= last) return article as number;
    throw new LightbulbError('invalid_input', `the level's "article" is not usable`, {
      where: NAME,
      wanted: `an integer from 0 to ${last}`,
      got: JSON.stringify(article) ?? 'nothing',
    });
  }
}

/** Any article of the split; nothing is near another, so that a mutation is a new draw. */
function articleLevels({ split }: NewsCorpus): LevelSpace {
  const draw = (seed: number, name: string): Json => ({ article: split[stream(seed, name).integer(split.length)]! });
  return {
    generate: (seed) => draw(seed, 'level'),
    mutate: (_level, seed) => draw(seed, 'level/mutate'),
  };
}
