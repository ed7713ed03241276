import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const locate = createRequire(import.meta.url);

/** The font of all pictures, and its bold face, as files: machines without any font draw the same pictures. */
export const fontFiles: readonly string[] = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) =>
  locate.resolve(`dejavu-fonts-ttf/ttf/${name}`),
);

/** DejaVu Sans is about the widest of these, so that text measured in it fits in the others too. */
export const FONT_FAMILY = 'DejaVu Sans, Verdana, sans-serif';

/** The advance widths of a TrueType font, in units of its em. */
class Widths {
  private readonly bytes: DataView;
  private readonly cmap: number;
  private readonly hmtx: number;
  private readonly unitsPerEm: number;
  private readonly metrics: number;

  constructor(file: string) {
    const { buffer, byteOffset, byteLength } = readFileSync(file);
    this.bytes = new DataView(buffer, byteOffset, byteLength);
    this.unitsPerEm = this.bytes.getUint16(this.table('head') + 18);
    this.metrics = this.bytes.getUint16(this.table('hhea') + 34);
    this.hmtx = this.table('hmtx');
    this.cmap = this.segments();
  }

  /** Of one character (UTF-16 unit); a whole em where the font has no glyph for it. */
  of(code: number): number {
    const glyph = this.glyph(code);
    if (glyph === 0) return 1;
    return this.bytes.getUint16(this.hmtx + 4 * Math.min(glyph, this.metrics - 1)) / this.unitsPerEm;
  }

  /** Where a table of the font begins (OpenType 1.9, "Font tables"). */
  private table(tag: string): number {
    const count = this.bytes.getUint16(4);
    for (let record = 12; record < 12 + 16 * count; record += 16) {
      const name = String.fromCharCode(...[0, 1, 2, 3].map((i) => this.bytes.getUint8(record + i)));
      if (name === tag) return this.bytes.getUint32(record + 8);
    }
    throw new Error(`internal: the font has no table ${tag}`);
  }

  /** Where the character map of format 4 begins: the one for the basic multilingual plane. */
  private segments(): number {
    const cmap = this.table('cmap');
    const count = this.bytes.getUint16(cmap + 2);
    for (let i = 0; i < count; i++) {
      const start = cmap + this.bytes.getUint32(cmap + 8 + 8 * i);
      if (this.bytes.getUint16(start) === 4) return start;
    }
    throw new Error('internal: the font has no character map of format 4');
  }

  private glyph(code: number): number {
    const twice = this.bytes.getUint16(this.cmap + 6);
    const [ends, starts] = [this.cmap + 14, this.cmap + 16 + twice];
    for (let i = 0; i < twice; i += 2) {
      if (this.bytes.getUint16(ends + i) < code) continue;
      const start = this.bytes.getUint16(starts + i);
      if (start > code) return 0;
      const delta = this.bytes.getUint16(starts + twice + i);
      const place = starts + 2 * twice + i;
      const range = this.bytes.getUint16(place);
      if (range === 0) return (code + delta) & 0xffff;
      const glyph = this.bytes.getUint16(place + range + 2 * (code - start));
      return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
    }
    return 0;
  }
}

const faces = new Map<string, Widths>();
const known = new Map<string, number>();

/** The width of a text in CSS pixels, as DejaVu Sans sets it, without kerning. */
export function textWidth(text: string, size: number, bold = false): number {
  const file = fontFiles[bold ? 1 : 0]!;
  let face = faces.get(file);
  if (face === undefined) {
    face = new Widths(file);
    faces.set(file, face);
  }
  let width = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const key = `${bold ? 'b' : ''}${code}`;
    let each = known.get(key);
    if (each === undefined) {
      each = face.of(code);
      known.set(key, each);
    }
    width += each;
  }
  return width * size;
}

/** The text, with its middle left out where it is wider than `width` pixels: names differ at either end. */
export function shortened(text: string, width: number, size: number, bold = false): string {
  if (textWidth(text, size, bold) <= width) return text;
  const characters = Array.from(text);
  for (let keep = characters.length - 1; keep > 2; keep--) {
    const head = Math.ceil(keep / 2);
    const short = `${characters.slice(0, head).join('')}…${characters.slice(characters.length - (keep - head)).join('')}`;
    if (textWidth(short, size, bold) <= width) return short;
  }
  return '…';
}
