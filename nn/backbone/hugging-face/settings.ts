import { LightbulbError } from '../../../core/index.ts';

/** The fields of a `config.json`, read one by one with errors (`mismatch`) that name the file and the field. */
export class Settings {
  constructor(
    private readonly fields: Readonly<Record<string, unknown>>,
    readonly file: string,
  ) {}

  /** A whole number from 1. `otherwise`: where it is missing or null. */
  count(name: string, otherwise?: number): number {
    return this.read(
      name,
      'a whole number from 1',
      otherwise,
      (value) => Number.isSafeInteger(value) && Number(value) >= 1,
    );
  }

  number(name: string, otherwise?: number): number {
    return this.read(name, 'a number', otherwise, (value) => typeof value === 'number');
  }

  flag(name: string, otherwise?: boolean): boolean {
    return this.read(name, 'true or false', otherwise, (value) => typeof value === 'boolean');
  }

  text(name: string, otherwise?: string): string {
    return this.read(name, 'a string', otherwise, (value) => typeof value === 'string');
  }

  /** Fields within a field; none where it is missing. */
  within(name: string): Settings {
    const value = this.read<object>(
      name,
      'an object',
      {},
      (found) => typeof found === 'object' && !Array.isArray(found),
    );
    return new Settings(value as Record<string, unknown>, `${this.file}: ${name}`);
  }

  entries(): [string, unknown][] {
    return Object.entries(this.fields);
  }

  /** One of the keys of `known`: what stands there. */
  choice<Choice>(name: string, known: Readonly<Record<string, Choice>>, otherwise?: string): Choice {
    const found = this.text(name, otherwise);
    if (Object.hasOwn(known, found)) return known[found]!;
    throw this.unsupported(name, Object.keys(known).join(', '), found);
  }

  /** Error `unsupported` where the field says something else than the only thing that there is. */
  only(name: string, wanted: string | number | boolean): void {
    const found = this.fields[name];
    if (found !== undefined && found !== null && found !== wanted) throw this.unsupported(name, String(wanted), found);
  }

  unsupported(name: string, wanted: string, got: unknown): LightbulbError {
    return new LightbulbError('unsupported', 'a model with this setting cannot be read', {
      where: `${this.file}: ${name}`,
      wanted,
      got: JSON.stringify(got),
    });
  }

  private read<T>(name: string, wanted: string, otherwise: T | undefined, holds: (value: unknown) => boolean): T {
    const value = this.fields[name] ?? otherwise;
    if (value !== undefined && holds(value)) return value as T;
    throw new LightbulbError('mismatch', 'a setting of the model is missing or malformed', {
      where: `${this.file}: ${name}`,
      wanted,
      got: value === undefined ? 'nothing' : JSON.stringify(value),
    });
  }
}
