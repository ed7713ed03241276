import { type Stream, stream } from '../../../core/index.ts';
import { type BatchedEnvironment, batch, type Environment, type First, type Step } from '../../../worlds/index.ts';

export interface DuetOptions {
  /** Steps of an episode. Default 4. */
  readonly length?: number;
  /** The episode ends once alto and tenor sang 2 at the same time. */
  readonly endsEarly?: boolean;
  /** What alto sings decides how many numbers are drawn, and so how the next episode begins. */
  readonly isMoody?: boolean;
}

const AGENTS = ['alto', 'tenor', 'piano'];

/** Legal notes of a singer at a time: silence (0) is forbidden to alto at odd times. */
export const legalNotes = (agent: string, time: number): number[] =>
  agent === 'alto' && time % 2 === 1 ? [0, 1, 1] : [1, 1, 1];

/**
 * Two singers (notes 0 to 2, masked) and a piano (a number): the team is paid alto + 2 tenor + alto tenor + piano a step,
 * each agent what it did itself. Observations: [time, a number in [0, 1) drawn at the start of the episode].
 */
class Duet implements Environment {
  readonly agents = AGENTS;
  readonly spaces: Environment['spaces'];
  readonly maximumSteps: number;
  readonly hasTeamReward = true;
  readonly feedbackKinds = [
    { from: 'alto', about: 'tenor', meaning: 'in tune', low: -1, high: 1 },
    { from: 'piano', about: 'alto', meaning: 'how loud', low: 0, high: 10 },
  ];
  private time = 0;
  private key = 0;
  private random: Stream | undefined;

  constructor(private readonly options: DuetOptions) {
    this.maximumSteps = options.length ?? 4;
    const observation = { type: 'box', shape: [2], low: 0, high: 1000 } as const;
    const singer = { observation, action: { type: 'discrete', n: 3 } } as const;
    const piano = { observation, action: { type: 'box', shape: [1], low: -1, high: 1 } } as const;
    this.spaces = { alto: singer, tenor: singer, piano };
  }

  reset({ seed }: { readonly seed: number }): First {
    this.random = this.options.isMoody === true && this.random !== undefined ? this.random : stream(seed, 'duet');
    this.time = 0;
    this.key = this.random.uniform();
    return this.first();
  }

  step(actions: Readonly<Record<string, unknown>>): Step {
    const alto = Number(actions.alto);
    const tenor = Number(actions.tenor);
    const piano = Number((actions.piano as ArrayLike<number>)[0]);
    if (legalNotes('alto', this.time)[alto] !== 1) throw new Error(`alto may not sing ${alto} at ${this.time}`);
    if (this.options.isMoody === true) for (let i = 0; i < alto; i++) this.random!.uniform();
    this.time++;
    const isLate = this.time === this.maximumSteps;
    const ends = isLate || (this.options.endsEarly === true && alto === 2 && tenor === 2);
    const all = (value: boolean): Record<string, boolean> => Object.fromEntries(AGENTS.map((agent) => [agent, value]));
    return {
      ...this.first(),
      rewards: { alto, tenor, piano },
      terminated: all(ends && !isLate),
      truncated: all(isLate),
      teamReward: alto + 2 * tenor + alto * tenor + piano,
      feedback: this.time % 2 === 1 ? { 0: alto === tenor ? 1 : -1 } : { 1: alto },
    };
  }

  private first(): First {
    const saw = [this.time, this.key];
    return {
      observations: { alto: saw, tenor: saw, piano: saw },
      actionMasks: { alto: legalNotes('alto', this.time), tenor: legalNotes('tenor', this.time) },
    };
  }
}

export const duet =
  (options: DuetOptions = {}) =>
  (copies: number): BatchedEnvironment =>
    batch(() => new Duet(options), copies, { groups: { singer: ['alto', 'tenor'], pianist: ['piano'] } });
