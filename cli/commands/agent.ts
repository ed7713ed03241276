import { Command } from 'commander';
import { LightbulbError, suggest } from '../../core/index.ts';
import type { Bus, PlayRoleSpec, RoleNews, SharedValueOptions } from '../../mas/index.ts';
import type { EnvironmentScenario, Scenario } from '../../scenarios/index.ts';
import { jsonOption, type MakeCommand, setOption } from '../command.ts';
import { exitCodes, printLine } from '../terminal.ts';

interface Options {
  readonly role: string;
  readonly bus?: string;
  readonly run?: string;
  readonly name?: string;
  readonly set: readonly string[];
  readonly json?: true;
}

export const agentCommand: MakeCommand = (terminal, finish) =>
  new Command('agent')
    .description('play one role of a run that goes on elsewhere, until that is over')
    .argument('<scenario>', 'the scenario of the run, with the same --set')
    .requiredOption('--role <name>', "which role: one of the environment's groups")
    .option('--bus <url>', "where the bus is: nats://host:4222; otherwise the scenario's, or LIGHTBULB_BUS")
    .option('--run <name>', 'which run; otherwise the newest of this scenario, waited for where there is none')
    .option('--name <name>', 'of this process; otherwise the role and a number')
    .addOption(setOption())
    .addOption(jsonOption('what happens, a line each,'))
    .action(async (file: string, { role, run, set, json, bus: url, name = `${role} ${process.pid}` }: Options) => {
      const { busOf, loadScenario, parseOverride, scenarioFile } = await import('../../scenarios/index.ts');
      const scenario = teamScenario(loadScenario(scenarioFile(file), set.map(parseOverride)));
      const part = await rolePart(scenario, role);
      const bus = await busOf({ ...scenario.mas, bus: placeOf(scenario, url) });
      const stop = new AbortController();
      const release = endsWith(stop);
      const { playRole } = await import('../../mas/index.ts');
      const tell = (news: RoleNews): void => printLine(terminal.stdout, json ? JSON.stringify(news) : describe(news));
      try {
        await playRole({ ...part, bus, scenario: scenario.name, run, name, signal: stop.signal, tell });
      } finally {
        release();
        await closeQuietly(bus);
        part.policy.close();
      }
      finish(exitCodes.done);
    });

type TeamScenario = EnvironmentScenario & { readonly learner: SharedValueOptions };

function teamScenario(scenario: Scenario): TeamScenario {
  const { learner } = scenario;
  if (scenario.tasks === null && learner.name === 'shared') return scenario as TeamScenario;
  throw new LightbulbError('unsupported', 'the roles of this scenario are not played over a bus', {
    where: '/learner/name',
    wanted: 'shared',
    got: learner.name,
  });
}

/** What is needed to play it, made as the run itself makes it. */
async function rolePart(
  scenario: TeamScenario,
  role: string,
): Promise<Pick<PlayRoleSpec, 'group' | 'index' | 'policy'>> {
  const { environmentOf } = await import('../../scenarios/index.ts');
  const { createExecutor } = await import('../../agents/index.ts');
  const { createJointPolicy } = await import('../../mas/index.ts');
  const probe = (await environmentOf(scenario, scenario.environment, '/environment'))(1);
  const { groups } = probe;
  probe.close?.();
  const index = groups.findIndex(({ name }) => name === role);
  const group = groups[index];
  if (group === undefined) {
    const roles = groups.map(({ name }) => name);
    throw new LightbulbError('invalid_input', 'the environment has no such role', {
      where: '--role',
      wanted: roles.join(', '),
      got: role,
      cure: suggest(role, roles),
    });
  }
  const executor = await createExecutor(scenario, { threads: scenario.threads });
  return { group, index, policy: createJointPolicy(groups, scenario.learner, executor) };
}

function placeOf({ mas }: TeamScenario, url: string | undefined): string {
  const place = url ?? (mas.bus === 'memory:' ? process.env.LIGHTBULB_BUS : mas.bus);
  if (place !== undefined && place !== 'memory:') return place;
  throw new LightbulbError('invalid_input', 'no bus is named that other processes are on', {
    where: '--bus',
    wanted: 'nats://host:4222',
    cure: 'Start a server with: nats-server -js',
  });
}

/** Ends with the process that started this one, too: whoever is started by a run must not outlive it. */
function endsWith(stop: AbortController): () => void {
  const end = (): void => stop.abort();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, end);
  const isChild = process.send !== undefined;
  if (isChild) process.on('disconnect', end);
  if (isChild && !process.connected) end();
  return () => {
    for (const signal of signals) process.off(signal, end);
    process.off('disconnect', end);
  };
}

/** A bus whose server is away has nothing left to say. */
async function closeQuietly(bus: Bus): Promise<void> {
  await bus.close().catch(() => undefined);
}

function describe(news: RoleNews): string {
  switch (news.kind) {
    case 'looking':
      return `looking for ${news.what}`;
    case 'playing':
      return `${news.role} of ${news.run}: playing`;
    case 'trouble':
      return `trouble: ${news.message}`;
    case 'ended':
      return `${news.role} of ${news.run}: ${news.why === 'over' ? 'the run is over' : 'stopped'}`;
  }
}
