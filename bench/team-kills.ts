import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createExecutor } from '../agents/index.ts';
import {
  createTeamTraining,
  memoryBus,
  natsBus,
  subjectsOf,
  type TeamNews,
  type TeamTrainingSpec,
} from '../mas/index.ts';
import { type EnvironmentScenario, environmentOf, loadScenario } from '../scenarios/index.ts';
import { NatsServer } from '../test/mas/bus/nats-server.ts';
import { isAlive } from '../test/mas/team/is-alive.ts';

export interface TeamKillsOptions {
  /** Processes that play roles, killed by SIGKILL. */
  readonly kills: number;
  /** Of the NATS server, by SIGKILL, on the same port and with the same data. */
  readonly restarts: number;
  /** Rounds between two disturbances. */
  readonly every: number;
  readonly say?: (line: string) => void;
}

export interface TeamKillsResult {
  readonly rounds: number;
  readonly secondsUndisturbed: number;
  readonly seconds: number;
  readonly killed: number;
  readonly restarted: number;
  /** Whether every metric of every round is that of the undisturbed run. */
  readonly isSame: boolean;
  /** Tasks that were added and not learned from; that were learned from twice; that are still in the queue. */
  readonly lost: number;
  readonly twice: number;
  readonly left: number;
  /** Processes of roles that outlived the run. */
  readonly orphans: number;
}

const LAUNCHER = fileURLToPath(new URL('../cli/lightbulb.mjs', import.meta.url));
/** Of a round: each of two roles, and the team. */
const TASKS = 3;
const RUN = 'kills-1';

/**
 * A real run whose two roles are real `lightbulb agent` processes on a real server. Processes are killed one after the
 * other and the server is restarted in between, each time in the middle of a round. Compares with the same run
 * undisturbed, in one process and without a server.
 */
export async function teamKills({
  kills,
  restarts,
  every,
  say = () => {},
}: TeamKillsOptions): Promise<TeamKillsResult> {
  const folder = mkdtempSync(join(tmpdir(), 'lightbulb-team-'));
  const file = join(folder, 'kills.json');
  const rounds = every * (kills + restarts + 1);
  writeFileSync(file, JSON.stringify(scenarioOf(rounds)));
  const server = await NatsServer.start();
  try {
    const spec = await specOf(loadScenario(file, []) as EnvironmentScenario);
    const memory = memoryBus();
    const undisturbed = await learn({ ...spec, bus: memory }, () => undefined);
    await memory.close();
    say(`${rounds} rounds undisturbed: ${undisturbed.seconds.toFixed(1)} s`);

    const bus = await natsBus({ servers: server.url });
    const pids = new Map<string, number[]>();
    const trained: string[] = [];
    let restarting: Promise<void> = Promise.resolve();
    let [killed, restarted] = [0, 0];
    const tell = (news: TeamNews): void => {
      if (news.kind === 'trained') trained.push(...news.tasks);
      if (news.kind === 'started') pids.set(news.role, [...(pids.get(news.role) ?? []), news.pid]);
      if (news.kind !== 'trained') say(JSON.stringify(news));
    };
    const command = (role: string) => ({
      file: process.execPath,
      args: [LAUNCHER, 'agent', file, '--role', role, '--bus', server.url, '--run', RUN],
    });
    const roles = ['speaker', 'listener'];
    const disturb = (round: number): void => {
      if (round === 0 || round % every !== 0) return;
      const turn = round / every;
      const restartNow = restarted < restarts && turn % Math.ceil((kills + restarts) / restarts) === 0;
      if (restartNow || killed === kills) {
        if (restarted === restarts) return;
        restarted++;
        say(`round ${round}: the server is restarted (${restarted})`);
        restarting = sleep(5).then(async () => {
          await server.kill();
          await server.restart();
        });
        return;
      }
      const role = roles[killed % roles.length]!;
      killed++;
      say(`round ${round}: ${role} is killed (${killed})`);
      setTimeout(() => process.kill(pids.get(role)!.at(-1)!, 'SIGKILL'), 5);
    };
    const disturbed = await learn(
      { ...spec, bus, local: [], processes: { roles, command }, tell, timeout: 1000 },
      disturb,
    );
    await restarting;
    await sleep(500);
    const left = await (await bus.workQueue(subjectsOf(RUN).store)).size();
    await bus.close();
    return {
      rounds,
      secondsUndisturbed: undisturbed.seconds,
      seconds: disturbed.seconds,
      killed,
      restarted,
      isSame: JSON.stringify(disturbed.metrics) === JSON.stringify(undisturbed.metrics),
      lost: rounds * TASKS - new Set(trained).size,
      twice: trained.length - new Set(trained).size,
      left,
      orphans: [...pids.values()].flat().filter(isAlive).length,
    };
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function scenarioOf(rounds: number): object {
  const [rollout, copies] = [25, 8];
  return {
    name: 'kills',
    environment: { name: 'simple_speaker_listener', copies },
    learner: { name: 'shared', rollout, epochs: 2, encoder: { kind: 'plain', hidden: [32] } },
    steps: rounds * rollout * copies,
    evaluation: { episodes: 2 },
  };
}

async function specOf(scenario: EnvironmentScenario): Promise<Omit<TeamTrainingSpec, 'bus'>> {
  const { seed, steps, environment, learner, threads, name } = scenario;
  if (learner.name !== 'shared') throw new Error('another learner');
  const make = await environmentOf(scenario, environment, '/environment');
  const executor = await createExecutor(scenario, { threads });
  return { seed, steps, copies: environment.copies, make, options: learner, executor, run: RUN, scenario: name };
}

async function learn(spec: TeamTrainingSpec, before: (round: number) => void) {
  const training = await createTeamTraining(spec);
  const metrics: Readonly<Record<string, number>>[] = [];
  const began = performance.now();
  try {
    while (training.step < spec.steps) {
      before(metrics.length);
      metrics.push((await training.advance()).metrics);
    }
  } finally {
    await training.close();
  }
  return { metrics, seconds: (performance.now() - began) / 1000 };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = await teamKills({ kills: 10, restarts: 3, every: 4, say: (line) => console.error(line) });
  console.log(JSON.stringify(result, null, 2));
  const { isSame, lost, twice, left, orphans } = result;
  process.exit(isSame && lost + twice + left + orphans === 0 ? 0 : 1);
}
