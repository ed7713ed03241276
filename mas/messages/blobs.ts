import { createHash } from 'node:crypto';
import { LightbulbError } from '../../core/index.ts';
import type { BlobStore, Bus } from '../bus/bus.ts';
import type { BlobReference } from './header.ts';

/** Milliseconds for which the blob of a message that may have any number of readers is kept. */
const KEPT_FOR = 60_000;

/** The blobs of one run: policies, and the arrays of messages that are larger than the bus takes. */
export class RunBlobs {
  private store: Promise<BlobStore> | undefined;
  private readonly kept = new Map<string, NodeJS.Timeout>();

  constructor(
    private readonly bus: Bus,
    private readonly name: string,
  ) {}

  async put(name: string, data: Uint8Array): Promise<BlobReference> {
    const { sha256, size } = await (await this.open()).put(name, data);
    return { name, sha256, size };
  }

  /** `timeout`, `unavailable` where there is none, `corrupt` where it is not the one that was meant. */
  async fetch({ name, sha256, size }: BlobReference, timeout: number): Promise<Uint8Array> {
    const data = await (await this.open()).get(name, { timeout, atMost: size });
    if (data === undefined) throw new LightbulbError('unavailable', 'there is no such blob', { where: name });
    const isRight = data.length === size && createHash('sha256').update(data).digest('hex') === sha256;
    if (isRight) return data;
    throw new LightbulbError('corrupt', 'the blob is another than was meant', { where: name });
  }

  async delete(name: string): Promise<void> {
    clearTimeout(this.kept.get(name));
    this.kept.delete(name);
    await (await this.open()).delete(name);
  }

  /** Deletes it later: nobody says when all readers have read it. */
  deleteLater(name: string): void {
    const timer = setTimeout(() => void this.delete(name).catch(() => undefined), KEPT_FOR);
    timer.unref();
    this.kept.set(name, timer);
  }

  /** Deletes now what would be deleted later. */
  async deleteKept(): Promise<void> {
    await Promise.allSettled([...this.kept.keys()].map((name) => this.delete(name)));
  }

  async destroy(): Promise<void> {
    for (const timer of this.kept.values()) clearTimeout(timer);
    this.kept.clear();
    await (await this.open()).destroy();
    this.store = undefined;
  }

  private open(): Promise<BlobStore> {
    this.store ??= this.bus.blobs(this.name).catch((error: unknown) => {
      this.store = undefined;
      throw error;
    });
    return this.store;
  }
}
