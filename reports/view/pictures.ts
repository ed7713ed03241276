import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Report } from '../report.ts';
import { type Figure, svgOf } from './figure.ts';
import { everyFigure, figuresOf } from './figures.ts';
import { fontFiles } from './text-width.ts';
import { printed, printTheme } from './theme.ts';

/** Pixels of a picture for each CSS pixel: sharp in print at half its size. */
const SCALE = 2;

/** Writes every picture of a report as PNG into `folder`, which is made. Returns the files. */
export async function writePictures(report: Report, folder: string): Promise<string[]> {
  const figures = everyFigure(figuresOf(report));
  await mkdir(folder, { recursive: true });
  return Promise.all(
    figures.map(async (figure) => {
      const file = join(folder, `${figure.name}.png`);
      await writeFile(file, await pngOf(figure));
      return file;
    }),
  );
}

/** A picture as PNG on white, twice its size in CSS pixels. No font of the machine is used. */
export async function pngOf(figure: Figure): Promise<Buffer> {
  const { renderAsync } = await import('@resvg/resvg-js'); // native, and needed by few commands
  const image = await renderAsync(printed(svgOf(figure)), {
    background: printTheme.paper,
    fitTo: { mode: 'zoom', value: SCALE },
    font: { fontFiles: [...fontFiles], loadSystemFonts: false, defaultFontFamily: 'DejaVu Sans' },
  });
  return image.asPng();
}
