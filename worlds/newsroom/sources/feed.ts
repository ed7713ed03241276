import { createRequire } from 'node:module';
import { LightbulbError } from '../../../core/index.ts';
import type { SourceArticle } from './source-article.ts';

// Loaded where a feed is read: it is nearly two hundred modules, half of what every command would load.
const load = createRequire(import.meta.url);

/** What is read of an item, whatever the feed's kind. */
interface Item {
  readonly title?: unknown;
  readonly description?: unknown;
  readonly summary?: unknown;
  readonly content?: unknown;
}

/**
 * The articles of a feed: RSS 0.9x, 1.0 and 2.0 (title and description) or Atom (title and summary, else content). Items
 * without a title or a text are left out, as feeds may have them. Feeds carry no tone.
 */
export function feedArticles(path: string, content: Buffer): SourceArticle[] {
  return itemsOf(path, content.toString('utf8')).map(({ title, description, summary, content: whole }) => ({
    title: textOf(title),
    description: textOf(description) || textOf(summary) || textOf(whole),
    tone: null,
  }));
}

function itemsOf(path: string, content: string): readonly Item[] {
  try {
    const { parseFeed } = load('feedsmith') as typeof import('feedsmith');
    const { format, feed } = parseFeed(content);
    return (format === 'atom' ? feed.entries : feed.items) ?? [];
  } catch (cause) {
    throw new LightbulbError('invalid_input', 'this is no feed', {
      where: path,
      wanted: 'RSS or Atom',
      got: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
}

/** Texts come as they are, or with what they are written in beside them. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const inner = (value as { readonly value?: unknown } | null | undefined)?.value;
  return typeof inner === 'string' ? inner : '';
}
