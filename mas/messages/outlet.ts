import { randomBytes } from 'node:crypto';
import type { RunBlobs } from './blobs.ts';
import { arrayBytes, Encoder } from './codec.ts';
import type { MessageKind, Outgoing } from './define.ts';

/** Makes messages of the run into bytes for its bus. */
export class Outlet {
  sent = 0;
  private made = 0;
  private readonly name = randomBytes(8).toString('hex');
  private readonly encoder = new Encoder();

  constructor(
    private readonly run: string,
    private readonly mostBytes: number,
    private readonly blobs: RunBlobs,
  ) {}

  /** An id that no other message has. */
  nextId(): string {
    return `${this.name}-${++this.made}`;
  }

  /** Good until the next call. `contract` for what no receiver would take. */
  encode<K extends MessageKind>(kind: K, message: Outgoing<K>, id = message.id ?? this.nextId()): Uint8Array {
    return this.encoder.encode(kind, { run: this.run, id }, message);
  }

  /** The same, or a promise of bytes that refer to a blob where the bus does not carry so much. */
  encodeAnySize<K extends MessageKind>(
    kind: K,
    message: Outgoing<K>,
    blobNamed?: (blob: string) => void,
  ): Uint8Array | Promise<Uint8Array> {
    const id = message.id ?? this.nextId();
    const bytes = this.encode(kind, message, id);
    return bytes.length <= this.mostBytes ? bytes : this.viaBlob(kind, message, id, blobNamed);
  }

  private async viaBlob<K extends MessageKind>(
    kind: K,
    message: Outgoing<K>,
    id: string,
    blobNamed: (blob: string) => void = (blob) => this.blobs.deleteLater(blob),
  ): Promise<Uint8Array> {
    const blob = await this.blobs.put(`message/${this.nextId()}`, arrayBytes(kind, message));
    blobNamed(blob.name);
    // Bytes of their own: the encoder may have been used again before anybody reads them.
    return new Uint8Array(this.encoder.encodeReference(kind, { run: this.run, id }, message, blob));
  }
}
