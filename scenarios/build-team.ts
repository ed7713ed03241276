import type { Training, TrainingSpec } from '../agents/index.ts';
import { LightbulbError } from '../core/index.ts';
import type { Bus, SharedValueOptions } from '../mas/index.ts';
import type { EnvironmentScenario, MasChoice } from './schema.ts';

/** What a team's training is made from, but for its bus. */
export type TeamSpec = Omit<TrainingSpec, 'learner' | 'scripted'> & { readonly learner: SharedValueOptions };

/** The training of agents that share a value over the scenario's bus, which ends with it. */
export async function buildTeam({ name, mas }: EnvironmentScenario, spec: TeamSpec): Promise<Training> {
  const { createExecutor, requireSameGroups } = await import('../agents/index.ts');
  const { createTeamTraining } = await import('../mas/index.ts');
  const { make, makeForEvaluation, learner, ...rest } = spec;
  if (makeForEvaluation !== undefined) requireSameGroups(make, makeForEvaluation);
  const executor = await createExecutor(spec, { threads: spec.threads });
  const bus = await busOf(mas);
  try {
    const training = await createTeamTraining({
      ...rest,
      make,
      makeForEvaluation,
      options: learner,
      executor,
      bus,
      run: name,
    });
    return Object.assign(training, { close: closing(training, bus) });
  } catch (error) {
    await bus.close();
    throw error;
  }
}

/** The bus that a scenario names, with its credentials. Errors `invalid_input` where a variable is not set. */
export async function busOf({ bus, auth, tls }: MasChoice): Promise<Bus> {
  const { memoryBus, natsBus } = await import('../mas/index.ts');
  if (bus === 'memory:') return memoryBus();
  return natsBus({
    servers: bus,
    ...(auth === undefined ? {} : { auth: withSecrets(auth) }),
    ...(tls === undefined ? {} : { tls }),
  });
}

/** Credentials with what the environment variables hold that stand for secrets in scenarios. */
function withSecrets(auth: NonNullable<MasChoice['auth']>): NonNullable<MasChoice['auth']> {
  const isSecret = (name: string): boolean => name !== 'user' && name !== 'creds';
  const parts = Object.entries(auth).map(([name, value]) => [name, isSecret(name) ? secretIn(name, value) : value]);
  return Object.fromEntries(parts) as NonNullable<MasChoice['auth']>;
}

function secretIn(name: string, variable: string): string {
  const value = process.env[variable.slice(1)];
  if (value !== undefined && value !== '') return value;
  throw new LightbulbError('invalid_input', 'this environment variable is not set', {
    where: `/mas/auth/${name}`,
    wanted: `a secret in ${variable.slice(1)}`,
  });
}

function closing(training: Training, bus: Bus): () => Promise<void> {
  const close = training.close.bind(training);
  return async () => {
    try {
      await close();
    } finally {
      await bus.close();
    }
  };
}
