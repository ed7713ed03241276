import type { Stream } from '../../../core/index.ts';
import { act, Encoder, type Reason } from '../../../mas/messages/index.ts';
import { bytesOf } from './samples.ts';

/** Bytes of a message that a channel of these tests takes. */
export const MOST_BYTES = 20_000;

/** Bytes that somebody might send: good messages of `act`, damaged ones, and such as were made to hurt. */
export class Hostile {
  private readonly encoder = new Encoder();

  constructor(
    private readonly run: string,
    private readonly random: Stream,
  ) {}

  next(): Uint8Array {
    const attacks = [
      () => this.good(),
      () => this.flipped(),
      () => this.flipped(),
      () => this.good().subarray(0, this.below(250)),
      () => new Uint8Array([...this.good(), ...this.noise(1 + this.below(20))]),
      () => this.noise(this.below(300)),
      () => this.withLength(0xffffffff - this.below(1000)),
      () => this.withLength(this.below(70_000)),
      () => bytesOf('['.repeat(1 + this.below(15_000))),
      () => bytesOf(`{"fields":${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}}`),
      () => this.renamed('"role"', this.one(['"__proto__"', '"constructor"', '"toString"', '"round"'])),
      () => this.renamed('"action"', this.one(['"__proto__"', '"hasOwnProperty"', '"logProbability"'])),
      () => this.renamed('"i32"', this.one(['"f16"', '"__proto__"', '[]', 'null', '"f64"'])),
      () => this.renamed('[2,1,1]', this.one(['[2,1,1e9]', '[-2,-1,1]', '[2e999,1,1]', '[[2],1,1]', '[0,0,0]'])),
      () => this.renamed(`"${this.run}"`, this.one(['"other"', '1', '{}', '"\\u0000"'])),
      () => this.renamed('"version":1', this.one(['"version":2', '"version":"1"', '"version":1e999'])),
      () => this.renamed('"kind":"act"', this.one(['"kind":"observe"', '"kind":"__proto__"', '"kind":{}'])),
      () => this.renamed('"id":"', this.one(['"id":"../', '"id":"\\n', '"run":"x","id":"'])),
      () => bytesOf(this.header().replace(/\}$/, `,"blob":{"name":"x","sha256":"${'a'.repeat(64)}","size":1e15}}`)),
      () => new Uint8Array(MOST_BYTES + 1 + this.below(5000)),
    ];
    return this.one(attacks)();
  }

  good(): Uint8Array {
    const fields = { round: this.below(1000), step: this.below(1000), version: 3, role: 'writer' };
    const arrays = {
      action: { shape: [2, 1, 1], data: Int32Array.of(this.below(9), this.below(9)) },
      logProbability: { shape: [2, 1], data: Float32Array.of(-1, -this.random.uniform()) },
    };
    return new Uint8Array(this.encoder.encode(act, { run: this.run, id: `x-${this.below(1e6)}` }, { fields, arrays }));
  }

  private flipped(): Uint8Array {
    const bytes = this.good();
    for (let i = this.below(8); i >= 0; i--) bytes[this.below(bytes.length)]! ^= 1 << this.below(8);
    return bytes;
  }

  private withLength(length: number): Uint8Array {
    const bytes = this.good();
    new DataView(bytes.buffer).setUint32(0, length, true);
    return bytes;
  }

  private header(): string {
    const bytes = this.good();
    return Buffer.from(bytes.subarray(4, 4 + new DataView(bytes.buffer).getUint32(0, true))).toString();
  }

  /** A good message with something else in its header, and what follows it in its place. */
  private renamed(what: string, instead: string): Uint8Array {
    const header = this.header().replace(what, instead);
    const start = 4 + Buffer.byteLength(header);
    return bytesOf(header, new Uint8Array(Math.ceil(start / 8) * 8 - start + 16));
  }

  private noise(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  private one<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  private below(limit: number): number {
    return Math.floor(this.random.uniform() * limit);
  }
}

export function total(refused: Readonly<Record<Reason, number>>): number {
  return Object.values(refused).reduce((sum, each) => sum + each, 0);
}
