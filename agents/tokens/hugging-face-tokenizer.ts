import { readFileSync } from 'node:fs';
import { Tokenizer } from '@huggingface/tokenizers';
import { type ErrorParts, type Json, type JsonObject, LightbulbError } from '../../core/index.ts';
import { requireIds, type TextTokenizer } from './text-tokenizer.ts';

/**
 * The tokenizer of a Hugging Face `tokenizer.json`, named by its path. Errors `invalid_input`, naming the file, where
 * it cannot be read, is not JSON, or is no tokenizer.
 */
export function loadTokenizer(path: string): TextTokenizer {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    throw refused(path, 'this tokenizer cannot be read', { got: messageOf(error), cause: error });
  }
  let json: Json;
  try {
    json = JSON.parse(content) as Json;
  } catch (error) {
    throw refused(path, 'a tokenizer is JSON', { got: messageOf(error), cause: error });
  }
  return tokenizerOf(json, path);
}

/**
 * A tokenizer from the contents of a `tokenizer.json`; `name` says where they came from. No special tokens are put
 * around a text; where a text spells one, it is that token. Reading back cleans nothing up. `size` is the highest id
 * + 1, added tokens included. Error `invalid_input`, naming the field where it can, where the contents are no tokenizer.
 */
export function tokenizerOf(json: Json, name: string): TextTokenizer {
  const contents = requireTokenizer(json, name);
  let tokenizer: Library;
  try {
    tokenizer = new Tokenizer(contents, {}) as Library;
  } catch (error) {
    throw refused(name, NOT_ONE, { wanted: WANTED, got: messageOf(error), cause: error });
  }
  let size = 0;
  for (const id of tokenizer.get_vocab().values()) size = Math.max(size, id + 1);
  return {
    name,
    size,
    encode: remembered((text) => {
      const { ids } = tokenizer.encode(text, { add_special_tokens: false });
      // Where a model has no token for the unknown.
      if (!ids.includes(undefined)) return ids as readonly number[];
      throw refused(name, 'the tokenizer has no tokens for a text', { got: JSON.stringify(text.slice(0, 80)) });
    }),
    decode: (ids) => {
      requireIds(name, size, ids);
      const hole = ids.find((id) => tokenizer.id_to_token(id) === undefined);
      if (hole !== undefined) throw refused(name, 'the tokenizer gives this id to no token', { got: String(hole) });
      // The library takes no empty list.
      return ids.length === 0 ? '' : tokenizer.decode([...ids], { clean_up_tokenization_spaces: false });
    },
  };
}

/** What is used of the library's class; its own declarations leave out file endings, so that nobody finds them. */
interface Library {
  encode(text: string, options: { readonly add_special_tokens: boolean }): { readonly ids: (number | undefined)[] };
  decode(ids: number[], options: { readonly clean_up_tokenization_spaces: boolean }): string;
  id_to_token(id: number): string | undefined;
  get_vocab(): ReadonlyMap<string, number>;
}

/** Most texts that are remembered, and the longest of them: the library takes near a millisecond for a news article. */
const MOST_TEXTS = 16_384;
const LONGEST_TEXT = 4096;

/** Learners see the same texts again and again. The oldest make way for new ones. */
function remembered(encode: TextTokenizer['encode']): TextTokenizer['encode'] {
  const known = new Map<string, readonly number[]>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const ids = encode(text);
    if (text.length > LONGEST_TEXT) return ids;
    if (known.size >= MOST_TEXTS) known.delete(known.keys().next().value!);
    known.set(text, ids);
    return ids;
  };
}

const NOT_ONE = 'this is no tokenizer';
const WANTED = "the contents of a tokenizer.json of Hugging Face's tokenizers";

/** What the library takes for granted, checked: it reads other JSON as a tokenizer without tokens, or stumbles. */
function requireTokenizer(json: Json, name: string): JsonObject {
  if (!isObject(json)) throw refused(name, NOT_ONE, { wanted: WANTED, got: JSON.stringify(json).slice(0, 40) });
  const { model, added_tokens: added = [] } = json;
  const wrong = (field: string, wanted: string, got: Json | undefined): LightbulbError =>
    refused(`${name} ${field}`, NOT_ONE, { wanted, got: (JSON.stringify(got) ?? 'nothing').slice(0, 40) });
  if (!isObject(model)) throw wrong('/model', 'an object', model);
  const { type, vocab, merges } = model;
  if (Array.isArray(vocab)) {
    const at = vocab.findIndex((piece) => !Array.isArray(piece) || typeof piece[0] !== 'string');
    if (at >= 0) throw wrong(`/model/vocab/${at}`, 'a token and its score', vocab[at]);
  } else if (isObject(vocab)) {
    const odd = Object.entries(vocab).find(([, id]) => !isId(id));
    if (odd !== undefined) throw wrong(`/model/vocab/${odd[0]}`, 'an id: a whole number from 0', odd[1]);
  } else throw wrong('/model/vocab', 'tokens and their ids', vocab);
  if (type === 'BPE') {
    if (!Array.isArray(merges)) throw wrong('/model/merges', 'a list of pairs of tokens', merges);
    const at = merges.findIndex((merge) => !isPair(merge));
    if (at >= 0) throw wrong(`/model/merges/${at}`, 'a pair of tokens', merges[at]);
  }
  if (!Array.isArray(added)) throw wrong('/added_tokens', 'a list', added);
  const at = added.findIndex((token) => !isObject(token) || !isId(token.id) || typeof token.content !== 'string');
  if (at >= 0) throw wrong(`/added_tokens/${at}`, 'a token with its id and its content', added[at]);
  const absent = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
  return { ...absent, ...json, added_tokens: added };
}

function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function isId(json: Json | undefined): boolean {
  return Number.isSafeInteger(json) && (json as number) >= 0;
}

/** `"a b"`, or `["a", "b"]`. */
function isPair(json: Json): boolean {
  const pair = typeof json === 'string' ? json.split(' ') : json;
  return Array.isArray(pair) && pair.length === 2 && pair.every((token) => typeof token === 'string' && token !== '');
}

function refused(where: string, problem: string, parts: Omit<ErrorParts, 'where'>): LightbulbError {
  return new LightbulbError('invalid_input', problem, { where, ...parts });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
