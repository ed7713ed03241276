import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Checkpoint } from '../agents/index.ts';
import { type Json, LightbulbError } from '../core/index.ts';
import { moveIntoPlace, onDisk, type Write, writeFile } from './disk.ts';

/** A checkpoint, and what a run must know to go on from it. */
export interface Saved {
  /** Environment steps so far. */
  readonly step: number;
  readonly checkpoint: Checkpoint;
  /** Of training so far. */
  readonly seconds: number;
  /** How long `metrics.jsonl` was: a resumed run cuts it to this. */
  readonly metricsBytes: number;
}

/** `manifest.json`: what makes a checkpoint whole. Written last, so a folder without one is none. */
interface Manifest {
  readonly format: 1;
  readonly step: number;
  readonly seconds: number;
  readonly metricsBytes: number;
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

const TENSORS = 'tensors.safetensors';
const STATE = 'state.json';
const MANIFEST = 'manifest.json';
const UNFINISHED = '.unfinished';

/**
 * Writes `folder/<step>/` whole or not at all, then removes all but the newest `keep`. Where it fails, the earlier
 * checkpoints are as they were and nothing half-written is left. Returns the checkpoint's folder.
 */
export async function writeCheckpoint(folder: string, saved: Saved, keep: number, disk: Write): Promise<string> {
  const { writeSafetensors } = await engine();
  const place = join(folder, String(saved.step));
  const unfinished = `${place}${UNFINISHED}`;
  const files = {
    [TENSORS]: writeSafetensors(saved.checkpoint.tensors),
    [STATE]: encode(saved.checkpoint.state),
  };
  const manifest: Manifest = {
    format: 1,
    step: saved.step,
    seconds: saved.seconds,
    metricsBytes: saved.metricsBytes,
    files: Object.fromEntries(
      Object.entries(files).map(([name, bytes]) => [name, { bytes: bytes.length, sha256: sha256(bytes) }]),
    ),
  };
  onDisk(place, () => {
    try {
      rmSync(unfinished, { recursive: true, force: true });
      mkdirSync(unfinished, { recursive: true });
      for (const [name, bytes] of Object.entries(files)) writeFile(join(unfinished, name), bytes, disk);
      writeFile(join(unfinished, MANIFEST), encode(manifest), disk);
      rmSync(place, { recursive: true, force: true }); // only ever a broken one of an earlier sitting
      moveIntoPlace(unfinished, place);
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true });
      throw error;
    }
    for (const old of steps(folder).slice(keep)) rmSync(join(folder, String(old)), { recursive: true, force: true });
  });
  return place;
}

/** What there is to go on from. */
export interface Newest {
  readonly saved: Saved | undefined;
  /** What is wrong with each checkpoint that is newer. */
  readonly broken: readonly LightbulbError[];
}

/** The newest whole checkpoint, and what is wrong with each newer one. `metricsBytes`: how long the metrics are now. */
export async function newestCheckpoint(folder: string, metricsBytes: number): Promise<Newest> {
  const broken: LightbulbError[] = [];
  for (const step of steps(folder)) {
    try {
      const saved = await readCheckpoint(join(folder, String(step)));
      if (saved.metricsBytes > metricsBytes) throw corrupt(join(folder, String(step)), 'metrics.jsonl ends before it');
      return { saved, broken };
    } catch (error) {
      if (!(error instanceof LightbulbError)) throw error;
      broken.push(error);
    }
  }
  return { saved: undefined, broken };
}

/** Removes what a resumed run must not find: all checkpoints after `step`, and unfinished ones. */
export function removeAfter(folder: string, step: number): void {
  if (!existsSync(folder)) return;
  onDisk(folder, () => {
    for (const name of readdirSync(folder)) {
      if (name.endsWith(UNFINISHED) || Number(name) > step)
        rmSync(join(folder, name), { recursive: true, force: true });
    }
  });
}

/** Reads a checkpoint and checks every byte of it. `corrupt` where it is not what was written. */
async function readCheckpoint(place: string): Promise<Saved> {
  const { readSafetensors } = await engine();
  const manifest = parse(place, MANIFEST, read(place, MANIFEST)) as Manifest;
  if (manifest?.format !== 1) throw corrupt(place, `${MANIFEST} has an unknown format`);
  const file = (name: string): Uint8Array => {
    const bytes = read(place, name);
    const wanted = manifest.files[name];
    if (wanted?.bytes !== bytes.length || wanted.sha256 !== sha256(bytes)) {
      throw corrupt(place, `${name} is not what was written`);
    }
    return bytes;
  };
  const { step, seconds, metricsBytes } = manifest;
  const { tensors } = readSafetensors(file(TENSORS));
  const state = parse(place, STATE, file(STATE)) as Json;
  return { step, seconds, metricsBytes, checkpoint: { tensors, state } };
}

/** Loaded late: it brings tensors with it, which most commands do without. */
function engine(): Promise<typeof import('../nn/index.ts')> {
  return import('../nn/index.ts');
}

/** The steps that have a checkpoint folder, newest first. */
function steps(folder: string): number[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /^\d+$/.test(name));
  return names.map(Number).sort((a, b) => b - a);
}

function read(place: string, name: string): Uint8Array {
  try {
    return readFileSync(join(place, name));
  } catch (cause) {
    throw corrupt(place, `${name} cannot be read (${(cause as NodeJS.ErrnoException).code})`);
  }
}

function parse(place: string, name: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw corrupt(place, `${name} is not JSON`);
  }
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function corrupt(place: string, problem: string): LightbulbError {
  return new LightbulbError('corrupt', problem, { where: place });
}
