import { fileURLToPath } from 'node:url';
import { connect } from 'nats';
import { connectBus } from '../mas/index.ts';

export interface BusTiming {
  readonly what: string;
  /** Messages or requests a second: medians of the repeats. */
  readonly bare: number;
  readonly ours: number;
  /** The median of the ratios of neighbours in time. */
  readonly ratio: number;
  readonly lowest: number;
  readonly highest: number;
}

export interface BusBenchOptions {
  /** A NATS server with JetStream. */
  readonly url: string;
  readonly repeats?: number;
  readonly messages?: number;
  readonly requests?: number;
}

/** Bytes of a message. */
const SIZE = 1024;
/** Requests under way at a time. */
const PARALLEL = 256;
const SUBJECT = 'bench.bus';

/** Somebody who speaks through a server: two connections, as between two agents. */
interface Side {
  /** Resolves with the seconds until all of them had arrived. */
  publish(count: number): Promise<number>;
  request(count: number): Promise<number>;
  close(): Promise<void>;
}

/**
 * Throughput of the NATS bus beside the bare `nats` client's, through the same server: 1 KB messages, published as fast
 * as they are taken, and requests, many at a time. The two take turns, and each turn is compared with its neighbour.
 */
export async function benchBus({
  url,
  repeats = 9,
  messages = 200_000,
  requests = 40_000,
}: BusBenchOptions): Promise<readonly BusTiming[]> {
  const [bare, ours] = [await bareSide(url), await ourSide(url)];
  try {
    const timings: BusTiming[] = [];
    for (const what of ['publish', 'request'] as const) {
      const count = what === 'publish' ? messages : requests;
      for (const side of [bare, ours]) await side[what](Math.ceil(count / 4)); // until it is warm
      const speeds: { bare: number; ours: number }[] = [];
      for (let i = 0; i < repeats; i++) {
        const order = i % 2 === 0 ? [bare, ours] : [ours, bare];
        const seconds = new Map<Side, number>();
        for (const side of order) seconds.set(side, await side[what](count));
        speeds.push({ bare: count / seconds.get(bare)!, ours: count / seconds.get(ours)! });
      }
      const ratios = speeds.map(({ bare, ours }) => ours / bare);
      timings.push({
        what: what === 'publish' ? 'publish-subscribe' : 'request-reply',
        bare: median(speeds.map(({ bare }) => bare)),
        ours: median(speeds.map(({ ours }) => ours)),
        ratio: median(ratios),
        lowest: Math.min(...ratios),
        highest: Math.max(...ratios),
      });
    }
    return timings;
  } finally {
    await Promise.all([bare.close(), ours.close()]);
  }
}

/** The client as its manual would have it: callbacks, no traces of asynchronous calls. */
async function bareSide(url: string): Promise<Side> {
  const options = { servers: url, noAsyncTraces: true };
  const [sender, receiver] = [await connect(options), await connect(options)];
  const payload = new Uint8Array(SIZE).fill(7);
  let bytes = 0;
  return {
    publish: async (count) => {
      let arrived = 0;
      let tell: () => void = () => undefined;
      const all = new Promise<void>((resolve) => {
        tell = resolve;
      });
      const subscription = receiver.subscribe(SUBJECT, {
        callback: (_, message) => {
          bytes += message.data.length;
          if (++arrived === count) tell();
        },
      });
      await receiver.flush();
      const seconds = await paced(
        count,
        () => sender.publish(SUBJECT, payload),
        () => sender.flush(),
        all,
      );
      subscription.unsubscribe();
      return seconds;
    },
    request: async (count) => {
      const subscription = receiver.subscribe(SUBJECT, {
        callback: (_, message) => void message.respond(message.data),
      });
      await receiver.flush();
      const seconds = await inParallel(count, async () => {
        bytes += (await sender.request(SUBJECT, payload, { timeout: 10_000 })).data.length;
      });
      subscription.unsubscribe();
      return seconds;
    },
    close: async () => {
      if (bytes === 0) throw new Error('nothing arrived');
      await Promise.all([sender.close(), receiver.close()]);
    },
  };
}

/** The same through our bus. */
async function ourSide(url: string): Promise<Side> {
  const [sender, receiver] = [await connectBus(url), await connectBus(url)];
  const payload = new Uint8Array(SIZE).fill(7);
  let bytes = 0;
  return {
    publish: async (count) => {
      let arrived = 0;
      let tell: () => void = () => undefined;
      const all = new Promise<void>((resolve) => {
        tell = resolve;
      });
      const subscription = receiver.subscribe(SUBJECT).subscribe((message) => {
        bytes += message.data.length;
        if (++arrived === count) tell();
      });
      await receiver.flush();
      const seconds = await paced(
        count,
        () => sender.publish(SUBJECT, payload),
        () => sender.flush(),
        all,
      );
      subscription.unsubscribe();
      return seconds;
    },
    request: async (count) => {
      const subscription = receiver.subscribe(SUBJECT).subscribe((message) => message.respond(message.data));
      await receiver.flush();
      const seconds = await inParallel(count, async () => {
        bytes += (await sender.request(SUBJECT, payload, { timeout: 10_000 })).data.length;
      });
      subscription.unsubscribe();
      return seconds;
    },
    close: async () => {
      if (bytes === 0) throw new Error('nothing arrived');
      await Promise.all([sender.close(), receiver.close()]);
    },
  };
}

/** Publishes in portions, so that neither the client nor the server has to hold all of it. */
async function paced(
  count: number,
  publish: () => void,
  flush: () => Promise<void>,
  all: Promise<void>,
): Promise<number> {
  const began = performance.now();
  for (let i = 1; i <= count; i++) {
    publish();
    if (i % 2000 === 0) await flush();
  }
  await flush();
  await all;
  return (performance.now() - began) / 1000;
}

async function inParallel(count: number, once: () => Promise<void>): Promise<number> {
  const began = performance.now();
  let left = count;
  const hand = async (): Promise<void> => {
    while (left-- > 0) await once();
  };
  await Promise.all(Array.from({ length: PARALLEL }, hand));
  return (performance.now() - began) / 1000;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const whole = (value: number): string => Math.round(value).toLocaleString('en').padStart(10);

export function describeBusTiming({ what, bare, ours, ratio, lowest, highest }: BusTiming): string {
  const spread = `(${lowest.toFixed(2)} to ${highest.toFixed(2)})`;
  return `${what.padEnd(18)}${whole(bare)}/s bare${whole(ours)}/s ours   x${ratio.toFixed(3)} ${spread}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // `node --import tsx bench/bus.ts [nats://host:port]`: without an address, on a server of its own.
  const [given] = process.argv.slice(2);
  const { NatsServer } = await import('../test/mas/bus/nats-server.ts');
  const server = given === undefined ? await NatsServer.start() : undefined;
  try {
    console.log(`NATS bus beside the bare client, ${SIZE} bytes, ${PARALLEL} requests at a time, medians of 9`);
    for (const timing of await benchBus({ url: given ?? server!.url })) console.log(describeBusTiming(timing));
  } finally {
    await server?.stop();
  }
}
