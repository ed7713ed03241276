import type { ObjectResult, ObjectStore } from 'nats';
import { LightbulbError } from '../../core/index.ts';
import type { BlobStore } from './bus.ts';
import { sha256 } from './memory-blobs.ts';
import { checkBlobSize, checkKey, checkMilliseconds } from './names.ts';
import { codeOf, type NatsLink } from './nats-link.ts';

/** Bytes sent before we wait for the server to have them: the connection stays free for other words in between. */
const PORTION = 2 ** 20;
/** Milliseconds for the acknowledgement of one chunk. */
const PUT_TIMEOUT = 10_000;

/** A store of blobs: a NATS object store bucket of that name. */
export class NatsBlobs implements BlobStore {
  private constructor(
    private readonly link: NatsLink,
    private readonly name: string,
    private readonly bucket: ObjectStore,
  ) {}

  static async open(link: NatsLink, name: string): Promise<NatsBlobs> {
    const bucket = await link.ask('', name, () => link.jetStream.views.os(name));
    return new NatsBlobs(link, name, bucket);
  }

  async put(name: string, data: Uint8Array): Promise<{ readonly sha256: string; readonly size: number }> {
    checkKey('name of a blob', name);
    await this.ask(() => this.bucket.put({ name }, this.portions(data), { timeout: PUT_TIMEOUT }));
    return { sha256: sha256(data), size: data.length };
  }

  async get(
    name: string,
    { timeout, atMost }: { readonly timeout: number; readonly atMost?: number },
  ): Promise<Uint8Array | undefined> {
    checkKey('name of a blob', name);
    checkMilliseconds('timeout', timeout, 1);
    const deadline = performance.now() + timeout;
    const found = await this.ask(async () => {
      // Asked first: an object that is got is under way already.
      if (atMost !== undefined) checkBlobSize(name, (await this.bucket.info(name))?.size ?? 0, atMost);
      const found = await this.bucket.get(name);
      if (found === null) await this.bucket.status(); // tells a missing blob from a missing store
      return found;
    }).catch((error: unknown) => {
      throw isMissingStore(error) ? new LightbulbError('unavailable', 'it was destroyed', { where: this.name }) : error;
    });
    return found === null ? undefined : readAll(found, name, Math.max(1, deadline - performance.now()), timeout);
  }

  async delete(name: string): Promise<void> {
    checkKey('name of a blob', name);
    await this.ask(() => this.bucket.delete(name));
  }

  async names(): Promise<readonly string[]> {
    return this.ask(async () => (await this.bucket.list()).map(({ name }) => name));
  }

  async destroy(): Promise<void> {
    await this.link.ask('', this.name, () =>
      this.bucket.destroy().catch((error: unknown) => {
        if (codeOf(error) !== '404') throw error;
      }),
    );
  }

  private ask<T>(act: () => Promise<T>): Promise<T> {
    return this.link.ask(`OBJ_${this.name}`, this.name, act);
  }

  private portions(data: Uint8Array): ReadableStream<Uint8Array> {
    let sent = 0;
    return new ReadableStream({
      pull: async (controller) => {
        if (sent > 0) await this.link.connection.flush();
        controller.enqueue(data.subarray(sent, sent + PORTION));
        sent += PORTION;
        if (sent >= data.length) controller.close();
      },
    });
  }
}

function isMissingStore(error: unknown): boolean {
  return error instanceof Error && error.message.includes('object store not found');
}

/** The bytes of an object. The client is known to stall in reading (nats.js issue 430), so a clock runs beside it. */
async function readAll({ data, info, error }: ObjectResult, name: string, left: number, timeout: number) {
  error.catch(() => undefined); // the reader tells the same
  const whole = new Uint8Array(info.size);
  const reader = data.getReader();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    void reader.cancel().catch(() => undefined);
  }, left);
  let length = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (length + part.value.length > whole.length) throw damaged(name);
      whole.set(part.value, length);
      length += part.value.length;
    }
  } catch (error) {
    throw /digests do not match/.test(String(error)) ? damaged(name) : error;
  } finally {
    clearTimeout(timer);
  }
  if (isLate) throw new LightbulbError('timeout', `the blob did not arrive within ${timeout} ms`, { where: name });
  if (length !== whole.length) throw damaged(name);
  return whole;
}

function damaged(name: string): LightbulbError {
  return new LightbulbError('corrupt', 'the blob is not what was put: its hash does not fit', {
    where: name,
    cure: 'Put it again',
  });
}
