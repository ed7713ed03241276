/**
 * PPO's loss and update once more, in plain float64 numbers without tensors or autodiff: gradients are central
 * differences. Itself checked against PyTorch, it checks what the compiled programs do to parameters.
 */

export interface Parameter {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** By path, as checkpoints name them: `actor/body/hidden/0/weight`. */
export type Parameters = Readonly<Record<string, Parameter>>;

/** One row per sample. */
export interface Rows {
  readonly observation: readonly (readonly number[])[];
  readonly action: readonly (readonly number[])[];
  /** Legal choices; without it, all. */
  readonly mask?: readonly (readonly number[])[];
  readonly oldLogProbability: readonly number[];
  /** As the loss takes it: standardised already where it is to be. */
  readonly advantage: readonly number[];
  readonly target: readonly number[];
  readonly oldValue: readonly number[];
  readonly weight: readonly number[];
}

export interface Settings {
  readonly clip: number;
  readonly valueClip: number | null;
  readonly valueCoefficient: number;
  readonly entropyCoefficient: number;
}

/** tanh layers under `name`/body (a critic without is a head on the actor's), then `name`/hidden, and a linear head. */
export function outputs(parameters: Parameters, name: 'actor' | 'critic', observation: readonly number[]): number[] {
  const trunk = parameters['critic/body/hidden/0/weight'] === undefined ? 'actor' : name;
  let y = [...observation];
  for (const layers of [`${trunk}/body/hidden`, `${name}/hidden`]) {
    for (let i = 0; parameters[`${layers}/${i}/weight`] !== undefined; i++)
      y = linear(parameters, `${layers}/${i}`, y).map(Math.tanh);
  }
  return linear(parameters, `${name}/head`, y);
}

function linear(parameters: Parameters, path: string, x: readonly number[]): number[] {
  const weight = parameters[`${path}/weight`]!;
  const bias = parameters[`${path}/bias`]!.data;
  const width = bias.length;
  return Array.from(bias, (b, o) => x.reduce((sum, xi, i) => sum + xi * weight.data[i * width + o]!, b));
}

/** Log-probability of the action and the entropy: one categorical, or a diagonal normal where there is a `logStd`. */
export function judge(
  parameters: Parameters,
  observation: readonly number[],
  action: readonly number[],
  mask?: readonly number[],
): { readonly logProbability: number; readonly entropy: number } {
  const given = outputs(parameters, 'actor', observation);
  const logStd = parameters['actor/logStd']?.data;
  if (logStd !== undefined) {
    const half = 0.5 * Math.log(2 * Math.PI);
    return {
      logProbability: sum(
        given.map((mean, i) => -half - logStd[i]! - 0.5 * ((action[i]! - mean) / Math.exp(logStd[i]!)) ** 2),
      ),
      entropy: sum(given.map((_, i) => 0.5 + half + logStd[i]!)),
    };
  }
  const legal = given.map((_, i) => mask === undefined || mask[i] === 1);
  const total = sum(given.map((logit, i) => (legal[i] ? Math.exp(logit) : 0)));
  const logs = given.map((logit) => logit - Math.log(total));
  return {
    logProbability: logs[action[0]!]!,
    entropy: -sum(logs.map((log, i) => (legal[i] ? Math.exp(log) * log : 0))),
  };
}

export function terms(parameters: Parameters, rows: Rows, { clip, valueClip }: Settings): Record<string, number> {
  const judged = rows.observation.map((x, r) => judge(parameters, x, rows.action[r]!, rows.mask?.[r]));
  const logRatio = judged.map(({ logProbability }, r) => logProbability - rows.oldLogProbability[r]!);
  const ratio = logRatio.map(Math.exp);
  const value = rows.observation.map((x) => outputs(parameters, 'critic', x)[0]!);
  const mean = (x: (r: number) => number): number =>
    sum(rows.weight.map((w, r) => (w === 0 ? 0 : w * x(r)))) / sum(rows.weight);
  return {
    'loss/policy': mean((r) => {
      const A = rows.advantage[r]!;
      return -Math.min(ratio[r]! * A, clamp(ratio[r]!, 1 - clip, 1 + clip) * A);
    }),
    'loss/value': mean((r) => {
      const plain = 0.5 * (value[r]! - rows.target[r]!) ** 2;
      if (valueClip === null) return plain;
      const near = rows.oldValue[r]! + clamp(value[r]! - rows.oldValue[r]!, -valueClip, valueClip);
      return Math.max(plain, 0.5 * (near - rows.target[r]!) ** 2);
    }),
    'loss/entropy': mean((r) => judged[r]!.entropy),
    approximateKl: mean((r) => ratio[r]! - 1 - logRatio[r]!),
    clipFraction: mean((r) => (Math.abs(ratio[r]! - 1) > clip ? 1 : 0)),
  };
}

/** d (policy + c_v value - c_e entropy) / d parameters, by central differences. */
export function gradients(parameters: Parameters, rows: Rows, settings: Settings): Parameters {
  const loss = (): number => {
    const t = terms(parameters, rows, settings);
    return (
      t['loss/policy']! +
      settings.valueCoefficient * t['loss/value']! -
      settings.entropyCoefficient * t['loss/entropy']!
    );
  };
  const step = 1e-6;
  return mapped(parameters, ({ shape, data }) => ({
    shape,
    data: data.map((x, i) => {
      data[i] = x + step;
      const high = loss();
      data[i] = x - step;
      const low = loss();
      data[i] = x;
      return (high - low) / (2 * step);
    }),
  }));
}

/** Adam on gradients clipped by their global norm; PyTorch's `clip_grad_norm_` and `Adam`. */
export class Adam {
  private readonly first = new Map<string, Float64Array>();
  private readonly second = new Map<string, Float64Array>();
  private count = 0;

  constructor(
    private readonly options: { readonly learningRate: number; readonly epsilon: number; readonly maximumNorm: number },
  ) {}

  /** Changes the parameters in place; returns the norm of the gradients before clipping. */
  step(parameters: Parameters, grads: Parameters): number {
    const { learningRate, epsilon, maximumNorm } = this.options;
    this.count++;
    const norm = Math.sqrt(sum(Object.values(grads).flatMap(({ data }) => [...data].map((g) => g * g))));
    const scale = Math.min(1, maximumNorm / norm);
    for (const [path, { data }] of Object.entries(grads)) {
      const m = this.first.get(path) ?? new Float64Array(data.length);
      const v = this.second.get(path) ?? new Float64Array(data.length);
      this.first.set(path, m);
      this.second.set(path, v);
      const into = parameters[path]!.data;
      for (let i = 0; i < data.length; i++) {
        const g = data[i]! * scale;
        m[i] = 0.9 * m[i]! + 0.1 * g;
        v[i] = 0.999 * v[i]! + 0.001 * g * g;
        const [mHat, vHat] = [m[i]! / (1 - 0.9 ** this.count), v[i]! / (1 - 0.999 ** this.count)];
        into[i]! -= (learningRate * mHat) / (Math.sqrt(vHat) + epsilon);
      }
    }
    return norm;
  }
}

/** x to mean 0 and population deviation 1 over the rows of weight 1, as CleanRL's epsilon has it. */
export function standardised(x: readonly number[], weight: readonly number[]): number[] {
  const total = sum(weight);
  const mean = sum(x.map((xi, i) => xi * weight[i]!)) / total;
  const std = Math.sqrt(sum(x.map((xi, i) => weight[i]! * (xi - mean) ** 2)) / total);
  return x.map((xi) => (xi - mean) / (std + 1e-8));
}

export function mapped(parameters: Parameters, f: (parameter: Parameter, path: string) => Parameter): Parameters {
  return Object.fromEntries(Object.entries(parameters).map(([path, parameter]) => [path, f(parameter, path)]));
}

export function sum(x: readonly number[]): number {
  return x.reduce((total, xi) => total + xi, 0);
}

function clamp(x: number, low: number, high: number): number {
  return Math.min(Math.max(x, low), high);
}
