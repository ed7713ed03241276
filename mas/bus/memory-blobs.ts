import { createHash } from 'node:crypto';
import type { BlobStore } from './bus.ts';
import type { Lifetime } from './lifetime.ts';
import { destroyed } from './memory-queue.ts';
import { checkBlobSize, checkKey, checkMilliseconds } from './names.ts';

/** A store of blobs within this process. */
export class MemoryBlobs {
  private readonly contents = new Map<string, Uint8Array>();
  private isDestroyed = false;

  constructor(
    private readonly name: string,
    private readonly forget: () => void,
  ) {}

  open(lifetime: Lifetime): BlobStore {
    const check = (): void => {
      lifetime.check();
      if (this.isDestroyed) throw destroyed(this.name);
    };
    return {
      put: async (name, data) => {
        check();
        checkKey('name of a blob', name);
        this.contents.set(name, new Uint8Array(data));
        return { sha256: sha256(data), size: data.length };
      },
      get: async (name, { timeout, atMost }) => {
        check();
        checkKey('name of a blob', name);
        checkMilliseconds('timeout', timeout, 1);
        const data = this.contents.get(name);
        if (data !== undefined) checkBlobSize(name, data.length, atMost);
        return data === undefined ? undefined : new Uint8Array(data);
      },
      delete: async (name) => {
        check();
        checkKey('name of a blob', name);
        this.contents.delete(name);
      },
      names: async () => {
        check();
        return [...this.contents.keys()];
      },
      destroy: async () => {
        lifetime.check();
        this.isDestroyed = true;
        this.forget();
      },
    };
  }
}

/** In hexadecimal. */
export function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
