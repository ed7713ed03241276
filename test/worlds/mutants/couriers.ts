import { type Json, restoreStream, type Stream, type StreamState, stream } from '../../../core/index.ts';
import type {
  AgentSpaces,
  Environment,
  FeedbackKind,
  LevelBuilding,
  LevelSpace,
  ResetOptions,
  Space,
  SpaceValue,
  Step,
} from '../../../worlds/index.ts';
import { box, checkValue, dict, discrete, multiDiscrete, text, tuple } from '../../../worlds/index.ts';
import type { Defect } from './defects.ts';

const LENGTH = 12;
const SCOUT: Space = dict({ at: box([2], -20, 20), phase: discrete(3) });
const CARRIER: Space = box([2], -20, 20);

const KINDS: readonly FeedbackKind[] = [
  { from: 'scout', about: 'carrier', meaning: 'how far north of the scout it is', low: -40, high: 40 },
  { from: 'carrier', about: 'scout', meaning: 'whether the last step went up', low: 0, high: 1 },
];

/** What is told of an episode: where the carrier came to, and how long the scout was there. */
const SCORE_NAMES = ['north', 'company'];

/** What the two could be asked to do: go where the other is, or north. */
const TASK_NAMES = ['meet', 'north'];

// What several instances share, for the defects that need it.
let resets = 0;
let instances = 0;
let shared: Stream = stream(0, 'shared');
/** Numbers lost at each step: far more than the rest of a long test process takes or lets go of meanwhile. */
const LEAKED = 2048;
const leak: Float64Array[] = [];

/** The kinds of feedback, with the defects of their declaration. */
function kindsOf(defect: Defect | undefined): readonly FeedbackKind[] {
  const first = (change: object) => [{ ...KINDS[0]!, ...change }, KINDS[1]!];
  switch (defect) {
    case 'feedback of nobody':
      return first({ from: 'nobody' });
    case 'feedback about nobody':
      return first({ about: 'nobody' });
    case 'feedback without meaning':
      return first({ meaning: '' });
    case 'feedback without bounds':
      return first({ high: Number.POSITIVE_INFINITY });
    case 'feedback bounds crossed':
      return first({ low: 41 });
    case 'no kinds at all':
      return [];
    case 'kinds not JSON':
      return first({ judge: () => 0 });
    default:
      return first({});
  }
}

/** The names of the scores, with the defects of their declaration. */
function scoreNamesOf(defect: Defect | undefined): readonly string[] {
  switch (defect) {
    case 'score names missing':
      return [];
    case 'score name empty':
      return ['north', ''];
    case 'score name twice':
      return ['north', 'north'];
    default:
      return [...SCORE_NAMES];
  }
}

/** The names of the tasks, with the defects of their declaration. */
function taskNamesOf(defect: Defect | undefined): readonly string[] {
  switch (defect) {
    case 'task names missing':
      return [];
    case 'task name empty':
      return ['', 'north'];
    case 'task name twice':
      return ['meet', 'meet'];
    default:
      return [...TASK_NAMES];
  }
}

/**
 * A scout who steps in four directions, and leaves early, and a carrier who drifts to the end; a team reward, what
 * each says of the other, scores and tasks. Breaks one promise.
 */
export default function couriers(options: { defect?: Defect } = {}): Environment {
  const { defect } = options;
  const is = (each: Defect) => defect === each;
  const number = instances++;
  let agents: readonly string[] = is('agent twice') ? ['scout', 'scout'] : ['scout', 'carrier'];
  let random: Stream | null = null;
  let drift = 0;
  let step = 0;
  let leaves = 0;
  let at = { scout: new Float32Array(2), carrier: new Float32Array(2) };
  let alive = new Set<string>();
  let closed = 0;
  let keptActions: Readonly<Record<string, SpaceValue>> | null = null;
  const buffer = new Float32Array(2);
  const notes: number[] = [];
  const kinds = kindsOf(defect);
  let praise: Record<number, number> = {};
  const names = scoreNamesOf(defect);
  const told: Record<string, number> = { north: 0, company: 0 };
  const tasks = taskNamesOf(defect);
  let due: Record<string, number> = { meet: 0, north: 0 };
  let paid = 0;

  const draw = () => (is('shared generator') ? shared : random!).normal();
  const mask = () => {
    if (is('mask without choice') && step === 2) return [0, 0, 0, 0];
    return step % 2 === 1 ? [1, 1, 1, 0] : [1, 1, 1, 1];
  };

  /** What defects add to the carrier's position: nothing in the good environment. */
  const disturbance = (): number => {
    if (is('Math.random')) return Math.random();
    if (is('Date.now')) return (Date.now() % 1000) / 1000;
    if (is('new Date')) return new Date().getMilliseconds() / 1000;
    if (is('performance.now')) return performance.now() % 1;
    if (is('differs after step 2') && step > 2) return (resets % 100) / 100;
    if (is('differs at reset') && step === 0) return (resets % 100) / 100;
    if (is('differs by instance')) return (number % 100) / 100;
    if (is('differs by process')) return process.pid / 1e7;
    return 0;
  };

  const see = (agent: string): SpaceValue => {
    if (agent === 'scout') return { at: at.scout.slice(), phase: (step + leaves) % 3 };
    const seen = is('returns its own state') ? at.carrier : at.carrier.slice();
    seen[0]! += disturbance();
    if (step === 3) {
      if (is('NaN observation')) seen[1] = Number.NaN;
      if (is('out of bounds')) seen[1] = 20.5;
      if (is('wrong dtype')) return Int32Array.from(seen);
      if (is('wrong length')) return new Float32Array(3);
    }
    if (!is('reuses buffer')) return seen;
    buffer.set(seen);
    return buffer;
  };

  const present = () => ({
    observations: Object.fromEntries([...alive].map((agent) => [agent, see(agent)])),
    actionMasks: alive.has('scout') ? { scout: mask() } : {},
  });

  /** What the step says of the team, while both are there. */
  const speak = (answered: readonly string[], scout: number): Pick<Step, 'teamReward' | 'feedback'> => {
    let teamReward = at.carrier[1]! / 2;
    if (is('NaN team reward') && step === 3) teamReward = Number.NaN;
    if (is('team reward by instance')) teamReward += number;
    const isSilent = is('team reward missing') && step === 3;
    const rest = isSilent ? {} : { teamReward };
    if (answered.length < 2) return rest;
    const carry = is('keeps its feedback') ? (praise[0] ?? 0) / 1000 : 0;
    praise = { 0: at.carrier[1]! - at.scout[1]! + carry, ...(step % 3 === 0 ? {} : { 1: scout > 1 ? 1 : 0 }) };
    if (is('score differs after step 2') && step > 2) praise[0]! += (resets % 100) / 100;
    if (step === 3) {
      if (is('feedback of no kind')) praise[2] = 0;
      if (is('score too high')) praise[1] = 1.01;
      if (is('score too low')) praise[1] = -0.01;
      if (is('NaN score')) praise[0] = Number.NaN;
      if (is('score is a word')) praise[1] = 'good' as unknown as number;
    }
    return { ...rest, feedback: praise };
  };

  /** What the step says of the episode: at its end alone. `answered`: who was alive before it. */
  const tell = (answered: readonly string[]): Pick<Step, 'scores'> => {
    const isEarly =
      (is('scores too early') && step === 3) || (is('scores of who leaves') && answered.length > alive.size);
    if (alive.size > 0 && !isEarly) return {};
    if (is('scores missing')) return {};
    if (is('keeps its scores')) return { scores: told };
    const scores: Record<string, number> = { north: at.carrier[1]!, [names[1]!]: leaves };
    if (is('reuses its scores')) return { scores: Object.assign(told, scores) };
    if (is('scores in a list')) return { scores: Object.values(scores) as never };
    if (is('score left out')) delete scores.company;
    if (is('score of no name')) scores.east = at.carrier[0]!;
    if (is('NaN final score')) scores.north = Number.NaN;
    if (is('score beyond float32')) scores.north = 1e39;
    if (is('final score is a word')) scores.north = 'far' as never;
    if (is('scores by instance')) scores.north! += number;
    if (is('scores differ later')) scores.north! += (resets % 100) / 100;
    return { scores };
  };

  /** What the step would be paid under each task. */
  const offer = (): Pick<Step, 'taskRewards'> => {
    if (is('task rewards missing') && step === 3) return {};
    if (is('task rewards at the end only') && alive.size > 0) return {};
    if (is('keeps its task rewards')) {
      // What the caller may have written to by now.
      due = { meet: at.carrier[0]! - at.scout[0]! + due.meet! / 1000, north: at.carrier[1]! };
      return { taskRewards: due };
    }
    paid++;
    const pay: Record<string, number> = { meet: at.carrier[0]! - at.scout[0]!, [tasks[1]!]: at.carrier[1]! };
    if (is('reuses its task rewards')) return { taskRewards: Object.assign(due, pay) };
    if (is('task rewards by instance')) pay.north! += number;
    if (is('task rewards differ later') && step > 2) pay.north! += (resets % 100) / 100;
    if (is('task rewards not saved')) pay.north! += paid;
    if (step !== 3) return { taskRewards: pay };
    if (is('task rewards in a list')) return { taskRewards: Object.values(pay) as never };
    if (is('task reward left out')) delete pay.meet;
    if (is('task reward of no name')) pay.south = 0;
    if (is('NaN task reward')) pay.meet = Number.NaN;
    if (is('task reward beyond float32')) pay.meet = -1e39;
    if (is('task reward is a word')) pay.meet = 'much' as never;
    return { taskRewards: pay };
  };

  const requireActions = (actions: Readonly<Record<string, SpaceValue>>): void => {
    if (random === null && !is('steps before reset')) throw new Error('step before reset');
    if (step > 0 && alive.size === 0 && !is('steps after the end')) throw new Error('the episode is over');
    for (const agent of alive) {
      const action = actions[agent];
      if (action === undefined && is('takes missing action') && !Object.hasOwn(actions, agent)) continue;
      const space = agent === 'scout' ? discrete(4) : box([2], -1, 1);
      const fault = checkValue(space, action);
      if (fault !== null && !(is('takes foreign action') && Object.hasOwn(actions, agent)))
        throw new Error(`${agent}: ${fault.wanted}`);
      if (agent === 'scout' && step % 2 === 1 && action === 3 && !is('takes masked action'))
        throw new Error('not legal now');
    }
    for (const agent of Object.keys(actions)) {
      if (alive.has(agent) || (random === null && is('steps before reset'))) continue;
      const known = agent === 'scout' || agent === 'carrier';
      const taken = known ? is('takes dead agent') && alive.size > 0 : is('takes foreign agent');
      if (!taken && !(alive.size === 0 && is('steps after the end'))) throw new Error(`${agent} is not alive`);
    }
  };

  return {
    get agents() {
      return agents;
    },
    spaces: {
      scout: scoutSpaces(defect),
      carrier: { observation: CARRIER, action: box([2], -1, 1) },
    },
    ...(is('team reward undeclared') ? {} : { hasTeamReward: (is('team reward by a word') ? 'yes' : true) as boolean }),
    get feedbackKinds() {
      if (is('feedback undeclared')) return undefined as unknown as readonly FeedbackKind[];
      if (is('kinds changing') && step === 3) (kinds[0] as { meaning: string }).meaning = 'something else';
      return is('kinds made anew') ? kindsOf(defect) : kinds;
    },
    get scoreNames() {
      if (is('scores undeclared')) return undefined as unknown as readonly string[];
      if (is('score names changing') && step === 3) (names as string[])[1] = 'loneliness';
      return is('score names made anew') ? scoreNamesOf(defect) : names;
    },
    get taskNames() {
      if (is('tasks undeclared')) return undefined as unknown as readonly string[];
      return is('task names made anew') ? taskNamesOf(defect) : tasks;
    },
    maximumSteps: LENGTH,
    stateSpace: box([5], -20, 20),
    levels: levelsOf(defect, number),

    reset({ seed, level }: ResetOptions) {
      resets++;
      if (is('task names changing')) (tasks as string[])[1] = 'south';
      random = stream(is('ignores seed') ? 0 : seed, 'couriers');
      if (is('shared generator')) shared = stream(seed, 'couriers');
      const settings = (level ?? {}) as { drift?: number };
      const isRefused = is('grid level refused') ? settings.drift === 0.25 : settings.drift === 0.6;
      if (isRefused && (is('grid level refused') || is('box corner refused'))) throw new Error('no such level');
      drift = is('level ignored') ? 0 : (settings.drift ?? 0);
      if (is('level written to') && level !== undefined) settings.drift = drift + 1;
      step = 0;
      leaves = 4 + random.integer(4);
      at = { scout: Float32Array.of(draw(), draw()), carrier: Float32Array.of(draw(), draw()) };
      alive = new Set(['scout', 'carrier']);
      keptActions = null;
      praise = {};
      due = { meet: 0, north: 0 };
      paid = 0;
      return present();
    },

    step(actions: Readonly<Record<string, SpaceValue>>): Step {
      requireActions(actions);
      if (is('throws') && step === 3) throw new Error('an accident');
      if (is('changing declaration') && step === 3) agents = ['carrier', 'scout'];
      if (is('leaks')) leak.push(new Float64Array(LEAKED));
      step++;
      if (is('steps before reset')) random ??= stream(0, 'couriers');
      const scout = Number(actions.scout ?? 0) || 0;
      const push = ArrayBuffer.isView(actions.carrier) ? (actions.carrier as Float32Array) : [0, 0];
      const before = at.carrier;
      const kept = keptActions?.carrier as Float32Array | undefined;
      if (is('keeps actions') && kept !== undefined) before[0]! += kept[0]! / 100;
      keptActions = actions;
      if (alive.has('scout'))
        at.scout = Float32Array.of(at.scout[0]! + (scout % 2), at.scout[1]! + (scout > 1 ? 1 : -1) / 2);
      at.carrier = Float32Array.of(
        before[0]! / 2 + push[0]! + drift + draw() / 100,
        before[1]! / 2 + push[1]! + (is('order of actions') && Object.keys(actions)[0] === 'carrier' ? 0.1 : 0),
      );
      if (is('writes to actions') && ArrayBuffer.isView(actions.carrier)) (actions.carrier as Float32Array)[0] = 0;
      if (is('revives') && step === leaves + 2) alive.add('scout');

      const isLast = step >= LENGTH && !is('never ends');
      const answered = [...alive];
      const observations: Record<string, SpaceValue> = {};
      const rewards: Record<string, number> = {};
      const terminated: Record<string, boolean> = {};
      const truncated: Record<string, boolean> = {};
      for (const agent of answered) {
        const dies = agent === 'scout' && step === leaves && !is('never ends');
        observations[agent] = see(agent);
        rewards[agent] = at.carrier[0]! - at.scout[0]!;
        terminated[agent] = is('flag is 1') ? ((dies ? 1 : 0) as unknown as boolean) : dies;
        truncated[agent] = (isLast && !dies) || (dies && is('both flags'));
        if (is('NaN reward') && step === 3) rewards[agent] = Number.NaN;
        if (is('infinite reward') && step === 3) rewards[agent] = Number.POSITIVE_INFINITY;
        if (dies && is('final observation missing')) delete observations[agent];
        if (dies || truncated[agent]) alive.delete(agent);
      }
      if (is('foreign agent in rewards') && step === 2) rewards.nobody = 0;
      const said = { ...speak(answered, scout), ...tell(answered), ...offer() };
      return { observations, actionMasks: present().actionMasks, rewards, terminated, truncated, ...said };
    },

    state() {
      const beyond = is('state out of space') && step === LENGTH ? 100 : 0;
      return Float32Array.of(...at.scout, ...at.carrier, step + beyond);
    },

    snapshot(): Json {
      notes.push(step);
      return {
        random: { ...(is('shared generator') ? shared : random!).state() },
        drift,
        step: is('snapshot incomplete') ? 0 : step,
        leaves,
        scout: [...at.scout],
        carrier: (is('snapshot not JSON') ? at.carrier.slice() : [...at.carrier]) as unknown as Json,
        alive: [...alive],
        ...(is('snapshot shared') ? { notes } : {}),
        ...(is('keeps its task rewards') ? { due: due.meet! } : {}),
        ...(is('keeps its feedback') ? { praise: { ...praise } as Record<string, number> } : {}),
        ...(is('keeps actions') && keptActions !== null ? { kept: [...(keptActions.carrier as Float32Array)] } : {}),
      };
    },

    restore(snapshot: Json) {
      const saved = snapshot as unknown as Saved;
      random = restoreStream(saved.random);
      if (is('task names changing')) (tasks as string[])[1] = 'south';
      if (is('shared generator')) shared = restoreStream(saved.random);
      drift = saved.drift;
      step = saved.step;
      leaves = saved.leaves;
      at = { scout: Float32Array.from(saved.scout), carrier: Float32Array.from(saved.carrier) };
      alive = new Set(saved.alive);
      praise = { ...saved.praise };
      due = { meet: saved.due ?? 0, north: 0 };
      keptActions = saved.kept === undefined ? null : { carrier: Float32Array.from(saved.kept) };
    },

    render() {
      if (is('render draws')) random!.normal();
      return `scout ${[...at.scout].join(' ')}, carrier ${[...at.carrier].join(' ')}`;
    },

    close() {
      closed++;
      if (closed > 1 && is('close twice throws')) throw new Error('closed already');
    },
  };
}

/** A box of drifts, or a grid of them, with the defects of level spaces. `number`: of the instance. */
function levelsOf(defect: Defect | undefined, number: number): LevelSpace {
  const is = (each: Defect) => defect === each;
  const draw = (seed: number) => stream(seed, 'level').between(-0.5, 0.5);
  if (defect?.includes('grid')) {
    const drifts = is('grid empty') ? [] : is('grid level twice') ? [0.5, -0.5, 0.5] : [0.5, -0.5, 0.25, 0];
    const grid = drifts.map((drift) => ({ drift }));
    if (is('grid by instance')) grid.push({ drift: number / 1e6 });
    // What is refused is not among the first two, so that only the check of the whole grid finds it.
    const any = (seed: number) => grid[seed % 2] ?? { drift: seed % 2 };
    return {
      generate: (seed) => (is('generates off the grid') && seed === 150 ? { drift: 0.1 } : any(seed)),
      mutate: (_, seed) => (is('mutates off the grid') ? { drift: 0.1 } : any(seed + 1)),
      grid,
      ...(is('grid and box') ? { box: { drift: [-0.5, 0.5] } } : {}),
    };
  }
  const box = (): LevelSpace['box'] => {
    if (is('box empty')) return {};
    if (is('box bounds crossed')) return { drift: [0.6, -0.6] };
    if (is('box without bounds')) return { drift: [-0.6, Number.POSITIVE_INFINITY] };
    if (is('box of another number')) return { drift: [-0.6, 0.6], wind: [0, 1] };
    if (is('box by instance')) return { drift: [-0.6 - number, 0.6] };
    return { drift: [-0.6, 0.6] };
  };
  return {
    generate(seed) {
      if (is('level by chance')) return { drift: (resets++ % 1000) / 1e4 };
      return { drift: is('generates out of the box') && seed === 150 ? 0.7 : draw(seed) };
    },
    mutate(level, seed) {
      const moved = (level as { drift: number }).drift + stream(seed, 'mutate').between(-0.1, 0.1);
      return { drift: is('mutates out of the box') ? moved : Math.min(0.59, Math.max(-0.59, moved)) };
    },
    box: box()!,
    building: buildingOf(defect),
  };
}

/** A drift in two actions: to which side, and how far. */
function buildingOf(defect: Defect | undefined): LevelBuilding {
  type Plan = { readonly taken: number; readonly drift: number; readonly most: number; readonly note?: unknown };
  const is = (each: Defect) => defect === each;
  return {
    steps: is('builds in no action') ? 0 : 2,
    observation: box([2], -1, 2),
    action: discrete(3),
    begin: (seed) => ({ taken: 0, drift: 0, most: 0.1 + (is('begins by chance') ? resets++ : seed % 4) / 10 }),
    build(before, action) {
      const plan = before as Plan;
      const choice = action[0]!;
      const drift = plan.taken === 0 ? choice - 1 : (plan.drift * plan.most * choice) / 2;
      const by = is('builds by chance') ? resets++ / 1e6 : 0;
      const next = { ...plan, taken: plan.taken + 1, drift: drift + by };
      if (is('builds into the plan')) Object.assign(plan, { taken: next.taken });
      return (is('plan not JSON') ? { ...next, note: undefined } : next) as Json;
    },
    observe(plan, out) {
      if (!is('builder sees nothing')) out.set([(plan as Plan).drift, (plan as Plan).taken]);
    },
    level(plan) {
      const { drift } = plan as Plan;
      return { drift: is('builds out of the box') ? drift + 0.55 : is('finishes by chance') ? resets++ / 1e6 : drift };
    },
  };
}

/** What the scout sees and may do; checked before anybody acts, so that the defects here are never played. */
function scoutSpaces(defect: Defect | undefined): AgentSpaces {
  const reader = dict({ phase: discrete(3), article: text(9), places: box([2, 5]) });
  const says = (to: string, features?: string): AgentSpaces => ({
    observation: reader,
    action: tuple([multiDiscrete([4, 4], { first: 1, to, ...(features === undefined ? {} : { features }) })]),
  });
  switch (defect) {
    case 'illegal space':
      return { observation: SCOUT, action: { type: 'discrete', n: 0 } };
    case 'utterance of no text':
      return says('phase');
    case 'utterance of nothing seen':
      return says('toString');
    case 'utterance without features':
      return says('article', 'phase');
    case 'utterance of narrow features':
      return says('article', 'places');
    default:
      return { observation: SCOUT, action: discrete(4) };
  }
}

interface Saved {
  readonly random: StreamState;
  readonly drift: number;
  readonly step: number;
  readonly leaves: number;
  readonly scout: readonly number[];
  readonly carrier: readonly number[];
  readonly alive: readonly string[];
  readonly kept?: readonly number[];
  readonly due?: number;
  readonly praise?: Readonly<Record<number, number>>;
}
