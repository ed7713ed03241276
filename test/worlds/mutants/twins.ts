import { type Stream, stream } from '../../../core/index.ts';
import type { Environment, SpaceValue } from '../../../worlds/index.ts';
import { box, checkValue, discrete } from '../../../worlds/index.ts';

/** Two agents who do the same, declared interchangeable. `favour` is added to every reward of the first. */
export default function twins({ favour }: { favour: number }): Environment {
  const agents = ['one', 'two'];
  let random: Stream | null = null;
  let step = 0;
  const each = <Value>(value: (agent: string) => Value) =>
    Object.fromEntries(agents.map((agent) => [agent, value(agent)]));
  return {
    agents,
    spaces: each(() => ({ observation: box([1]), action: discrete(2) })),
    maximumSteps: 5,
    symmetric: true,
    reset({ seed }) {
      random = stream(seed, 'twins');
      step = 0;
      return { observations: each(() => Float32Array.of(random!.normal())) };
    },
    step(actions: Readonly<Record<string, SpaceValue>>) {
      if (random === null || step === 5) throw new Error('nothing is being played');
      for (const agent of agents)
        if (checkValue(discrete(2), actions[agent]) !== null) throw new Error(`${agent}: 0 or 1`);
      if (Object.keys(actions).length > 2) throw new Error('there are two of us');
      step++;
      return {
        observations: each(() => Float32Array.of(random!.normal())),
        rewards: each((agent) => (actions[agent] as number) + (agent === 'one' ? favour : 0)),
        terminated: each(() => false),
        truncated: each(() => step === 5),
      };
    },
  };
}
