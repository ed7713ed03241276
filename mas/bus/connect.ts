import { LightbulbError } from '../../core/index.ts';
import type { Bus } from './bus.ts';
import { memoryBus } from './memory.ts';
import { type NatsBusOptions, natsBus } from './nats.ts';
import { masked } from './nats-access.ts';

/**
 * The bus that a URL names: `memory:` (one of its own, within this process), `nats://host:port`, `tls://host:port`.
 * Credentials come from the options, else from the URL, else from the environment; see `NatsBusOptions`.
 */
export async function connectBus(url: string, options: Omit<NatsBusOptions, 'servers'> = {}): Promise<Bus> {
  if (url === 'memory:') return memoryBus();
  if (/^(nats|tls):\/\//.test(url)) return natsBus({ ...options, servers: url });
  throw new LightbulbError('invalid_input', 'no address of a bus', {
    wanted: 'memory:, nats://host:4222 or tls://host:4222',
    got: JSON.stringify(masked(url)),
  });
}
