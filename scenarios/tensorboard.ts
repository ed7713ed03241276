import { closeSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import protobuf from 'protobufjs/minimal.js';
import { onDisk, type Write } from './disk.ts';
import type { Recorder } from './events.ts';
import { evaluationMetrics } from './metrics.ts';

/** Numbers by tag. */
export type Scalars = { readonly [tag: string]: number };

/**
 * Writes the numbers of a run as TensorBoard's event files: one file a sitting. Opened and closed at every event,
 * which come seldom, so that nothing is lost when the process ends.
 */
export function tensorboardRecorder(folder: string, disk: Write): Recorder {
  let path: string | undefined;
  const add = (bytes: Uint8Array, file: string): void => {
    onDisk(file, () => {
      const handle = openSync(file, 'a');
      try {
        for (let offset = 0; offset < bytes.length; ) offset += disk(handle, bytes, offset);
      } finally {
        closeSync(handle);
      }
    });
  };
  return (event) => {
    const seconds = Date.parse(event.time) / 1000;
    if (path === undefined) {
      onDisk(folder, () => mkdirSync(folder, { recursive: true }));
      path = join(folder, `events.out.tfevents.${Math.floor(seconds)}.${hostname()}.${readdirSync(folder).length}`);
      add(record(encodeVersion(seconds)), path);
    }
    if (event.kind === 'started') add(record(encodeStart(seconds, event.step + 1)), path);
    else if (event.kind === 'iteration') add(record(encodeScalars(seconds, event.step, event.metrics)), path);
    else if (event.kind === 'evaluation') {
      add(record(encodeScalars(seconds, event.step, evaluationMetrics(event.evaluation))), path);
    }
  };
}

// tensorflow/core/util/event.proto: Event { wall_time double=1, step int64=2, file_version string=3, summary=5,
// session_log=7 }; Summary { value=1 }; Value { tag=1, simple_value float=2 }; SessionLog { status=1: START is 1 }.

/** The first event of every file. */
export function encodeVersion(seconds: number): Uint8Array {
  return protobuf.Writer.create().uint32(tag(1, 1)).double(seconds).uint32(tag(3, 2)).string('brain.Event:2').finish();
}

/** Tells TensorBoard to drop what older files say about `step` (included) and later: this sitting makes it again. */
export function encodeStart(seconds: number, step: number): Uint8Array {
  const event = protobuf.Writer.create().uint32(tag(1, 1)).double(seconds).uint32(tag(2, 0)).int64(step);
  return event.uint32(tag(7, 2)).fork().uint32(tag(1, 0)).int32(1).ldelim().finish();
}

export function encodeScalars(seconds: number, step: number, scalars: Scalars): Uint8Array {
  const event = protobuf.Writer.create().uint32(tag(1, 1)).double(seconds).uint32(tag(2, 0)).int64(step);
  event.uint32(tag(5, 2)).fork();
  for (const [name, value] of Object.entries(scalars)) {
    event.uint32(tag(1, 2)).fork().uint32(tag(1, 2)).string(name).uint32(tag(2, 5)).float(value).ldelim();
  }
  return event.ldelim().finish();
}

/** A field's number and wire type (0 varint, 1 eight bytes, 2 delimited, 5 four bytes) as protobuf writes them. */
function tag(field: number, wire: 0 | 1 | 2 | 5): number {
  return (field << 3) | wire;
}

/** TFRecord framing: length (u64), its masked CRC, the data, its masked CRC; all little-endian. */
export function record(data: Uint8Array): Uint8Array {
  const framed = new Uint8Array(data.length + 16);
  const view = new DataView(framed.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(crc32c(framed.subarray(0, 8))), true);
  framed.set(data, 12);
  view.setUint32(12 + data.length, masked(crc32c(data)), true);
  return framed;
}

/** A CRC of data that itself holds CRCs is weak, hence the mask (TensorFlow, lib/hash/crc32c.h). */
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C (Castagnoli). */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
