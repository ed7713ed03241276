import { LightbulbError } from '../core/index.ts';
import type { Bus } from '../mas/index.ts';
import { printLine, type Terminal } from './terminal.ts';

/** A bus, with word on the screen when it goes and comes. */
export interface Connection {
  readonly bus: Bus;
  close(): Promise<void>;
}

/** The bus that a person named, or LIGHTBULB_BUS does. */
export async function connect(url: string | undefined, { stderr }: Terminal): Promise<Connection> {
  const place = url ?? process.env.LIGHTBULB_BUS;
  if (place === undefined) {
    throw new LightbulbError('invalid_input', 'no bus is named', {
      where: '--bus',
      wanted: 'nats://host:4222',
      cure: 'Start a server with: nats-server -js',
    });
  }
  const { connectBus } = await import('../mas/index.ts');
  const bus = await connectBus(place);
  let wasLost = false;
  const news = bus.status.subscribe((status) => {
    if (status === 'disconnected') {
      wasLost = true;
      printLine(stderr, 'the bus is gone; looking for it');
    } else if (status === 'connected' && wasLost) {
      wasLost = false;
      printLine(stderr, 'the bus is back');
    }
  });
  return {
    bus,
    async close() {
      news.unsubscribe();
      await bus.close();
    },
  };
}
