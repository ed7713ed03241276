import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Training, TrainingSpec } from '../agents/index.ts';
import { LightbulbError, suggest } from '../core/index.ts';
import type { Bus, SharedValueOptions, TeamNews, TeamTrainingSpec } from '../mas/index.ts';
import type { EnvironmentScenario, MasChoice } from './schema.ts';

/** What a team's training is made from, but for its bus. */
export type TeamSpec = Omit<TrainingSpec, 'learner' | 'scripted'> & { readonly learner: SharedValueOptions };

/** What a run knows of itself, and its agents elsewhere have to. */
export interface Company {
  /** Tells this run's messages from those of others; the same when it is resumed. */
  readonly run: string;
  /** Where to tell people who is waited for, and who died. */
  readonly tell?: ((message: string) => void) | undefined;
  /** Gives up waiting for others. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The training of agents that share a value over the scenario's bus, which ends with it. On a server, the roles that are
 * not remote are played by processes of their own. Error `invalid_input` for a role that the environment has not.
 */
export async function buildTeam(scenario: EnvironmentScenario, spec: TeamSpec, company?: Company): Promise<Training> {
  const { name, mas } = scenario;
  const { createExecutor, requireSameGroups } = await import('../agents/index.ts');
  const { createTeamTraining } = await import('../mas/index.ts');
  const { make, makeForEvaluation, learner, ...rest } = spec;
  if (makeForEvaluation !== undefined) requireSameGroups(make, makeForEvaluation);
  const executor = await createExecutor(spec, { threads: 1 });
  const shards = executor.name === 'onnx' && executor.device === 'cpu' ? spec.threads : 1;
  const places = placesOf(scenario, rolesOf(make));
  const bus = await busOf(mas);
  const left = async (): Promise<void> => {
    places.close();
    await bus.close();
  };
  try {
    const training = await createTeamTraining({
      ...rest,
      ...places.spec,
      make,
      makeForEvaluation,
      options: learner,
      executor,
      shards,
      bus,
      run: company?.run ?? name,
      scenario: name,
      ...(company?.signal === undefined ? {} : { signal: company.signal }),
      tell: (news) => {
        const words = inWords(news);
        if (words !== undefined) company?.tell?.(words);
      },
    });
    return Object.assign(training, { close: closing(training, left) });
  } catch (error) {
    await left();
    throw error;
  }
}

function rolesOf(make: TeamSpec['make']): readonly string[] {
  const probe = make(1);
  const roles = probe.groups.map(({ name }) => name);
  probe.close?.();
  return roles;
}

/** Who plays which role: this process all of them, or processes of their own those that are local. */
function placesOf(
  scenario: EnvironmentScenario,
  roles: readonly string[],
): { readonly spec: Pick<TeamTrainingSpec, 'local' | 'processes'>; close(): void } {
  const { bus, roles: places } = scenario.mas;
  const unknown = Object.keys(places).find((name) => !roles.includes(name));
  if (unknown !== undefined)
    throw new LightbulbError('invalid_input', 'the environment has no such role', {
      where: `/mas/roles/${unknown}`,
      wanted: roles.join(', '),
      cure: suggest(unknown, roles),
    });
  if (bus === 'memory:') return { spec: { local: 'all' }, close: () => undefined };
  // What the processes read is the scenario as it is here, overrides and all; there are no secrets in it.
  const folder = mkdtempSync(join(tmpdir(), 'lightbulb-roles-'));
  const file = join(folder, 'scenario.json');
  writeFileSync(file, JSON.stringify(scenario));
  const launcher = fileURLToPath(new URL('../cli/lightbulb.mjs', import.meta.url));
  return {
    spec: {
      local: [],
      processes: {
        roles: roles.filter((role) => places[role]?.place !== 'remote'),
        command: (role) => ({ file: process.execPath, args: [launcher, 'agent', file, '--role', role, '--bus', bus] }),
      },
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** What a person wants to know while a run goes on; undefined for what goes as it should. */
function inWords(news: TeamNews): string | undefined {
  switch (news.kind) {
    case 'waiting':
      return `waiting for the role ${news.role}: ${news.cause}`;
    case 'back':
      return `the role ${news.role} is there again`;
    case 'died':
      return `the process of the role ${news.role} died (${news.how}); it is started anew`;
    default:
      return undefined;
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

function closing(training: Training, left: () => Promise<void>): () => Promise<void> {
  const close = training.close.bind(training);
  return async () => {
    try {
      await close();
    } finally {
      await left();
    }
  };
}
