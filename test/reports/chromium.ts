import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

const program = process.env.LIGHTBULB_CHROMIUM ?? '/usr/bin/chromium';

/** Loading a page shall say nothing and ask for nothing but what was meant. */
export interface Heard {
  /** Errors and warnings of the console, and exceptions. */
  readonly complaints: string[];
  readonly requests: string[];
}

/** A headless browser for the tests of a `describe`; skips them, with the reason, where Chromium is not there. */
export function chromium(): { open(options?: BrowserContextOptions): Promise<{ page: Page; heard: Heard }> } {
  const opened: BrowserContext[] = [];
  const folders: string[] = [];
  before(function () {
    if (existsSync(program)) return;
    console.log(`      skipped: no Chromium at ${program} (LIGHTBULB_CHROMIUM names another)`);
    this.skip();
  });
  after(async () => {
    for (const context of opened) await context.close();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });
  return {
    open: async (options = {}) => {
      const { chromium: launcher } = await import('playwright-core');
      const folder = mkdtempSync(join(tmpdir(), 'lightbulb-chromium-'));
      folders.push(folder);
      const context = await launcher.launchPersistentContext(folder, {
        executablePath: program,
        headless: true,
        args: [
          '--headless',
          '--no-sandbox',
          '--disable-gpu',
          '--disable-quic',
          '--no-first-run',
          '--disable-background-networking',
          '--disable-component-update',
          '--disable-sync',
        ],
        ...options,
      });
      opened.push(context);
      const page = await context.newPage();
      const heard: Heard = { complaints: [], requests: [] };
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) heard.complaints.push(message.text());
      });
      page.on('pageerror', (error) => heard.complaints.push(String(error)));
      page.on('request', (request) => heard.requests.push(request.url()));
      return { page, heard };
    },
  };
}
