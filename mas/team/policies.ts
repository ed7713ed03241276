import { setTimeout as sleep } from 'node:timers/promises';
import { LightbulbError } from '../../core/index.ts';
import { type Channel, policy } from '../messages/index.ts';

/** Milliseconds between two looks for a policy that is not there yet, and how often. */
const PAUSE = 50;
const LOOKS = 60;
/** Milliseconds for a policy to arrive. */
const FETCH_TIMEOUT = 20_000;
/** Versions that agents and the bus keep: the one that is acted by, and the one before. */
const KEPT = 2;

/** Policies are told apart by the sitting too: a resumed run makes the same version numbers again. */
const blobOf = (sitting: number, version: number): string => `policy/${sitting}/${version}`;

/** Where the learner puts its policies. */
export class PolicyPublisher {
  private readonly published: string[] = [];

  constructor(
    private readonly channel: Channel,
    private readonly sitting: number,
  ) {}

  /** Resolves when agents can find it. Repeating it does no harm. */
  async publish(version: number, step: number, parameters: Float32Array): Promise<void> {
    const { channel, sitting, published } = this;
    const latest = await channel.latest(policy);
    if (published.length === 0) published.push(...(await this.leftBehind()));
    const name = blobOf(sitting, version);
    const bytes = new Uint8Array(parameters.buffer, parameters.byteOffset, parameters.byteLength);
    const blob = await channel.putBlob(name, bytes);
    await latest.put(channel.subjects.policy, { fields: { version, step, blob } });
    if (!published.includes(name)) published.push(name);
    while (published.length > KEPT) {
      await channel.deleteBlob(published[0]!);
      published.shift();
    }
  }

  /** What a former sitting did not tidy up. */
  private async leftBehind(): Promise<readonly string[]> {
    const { channel } = this;
    const last = await (await channel.latest(policy)).get(channel.subjects.policy);
    const [, former, version] = /^policy\/(\d+)\/(\d+)$/.exec(last?.fields.blob.name ?? '') ?? [];
    if (version === undefined || Number(former) === this.sitting) return [];
    return version === '0'
      ? []
      : [blobOf(Number(former), Number(version) - 1), blobOf(Number(former), Number(version))];
  }
}

/** The policies that an agent acts by: fetched when first asked for. */
export class PolicyShelf {
  private readonly kept = new Map<number, Float32Array>();

  constructor(
    private readonly channel: Channel,
    private readonly sitting: number,
    /** Numbers that a policy has. */
    private readonly size: number,
  ) {}

  /** `timeout` where it is not published for some seconds: whoever asked may ask again. */
  async get(version: number): Promise<Float32Array> {
    const known = this.kept.get(version);
    if (known !== undefined) return known;
    const fetched = await this.fetch(blobOf(this.sitting, version));
    this.kept.set(version, fetched);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= KEPT) break;
      this.kept.delete(oldest);
    }
    return fetched;
  }

  private async fetch(name: string): Promise<Float32Array> {
    const { channel, size } = this;
    const latest = await channel.latest(policy);
    for (let look = 0; look < LOOKS; look++) {
      const found = await latest.get(channel.subjects.policy);
      if (found?.fields.blob.name === name) {
        const bytes = await channel.fetchBlob(found.fields.blob, { timeout: FETCH_TIMEOUT });
        if (bytes.length === 4 * size) return new Float32Array(new Uint8Array(bytes).buffer);
        throw new LightbulbError('mismatch', 'this policy is one of another network', {
          where: name,
          wanted: `${size} numbers`,
          got: `${bytes.length / 4}`,
          cure: 'Start every agent with the scenario that the run was started with',
        });
      }
      await sleep(PAUSE);
    }
    throw new LightbulbError('timeout', 'the policy is not there', { where: name });
  }
}
