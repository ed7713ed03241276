import { readFileSync } from 'node:fs';
import { type Authenticator, credsAuthenticator, nkeyAuthenticator, nkeys, type TlsOptions } from 'nats';
import { LightbulbError } from '../../core/index.ts';

/** Who we are to a server. One of them: a token, a user with a password, an nkey's seed, a file of credentials. */
export interface NatsAuth {
  readonly token?: string;
  readonly user?: string;
  readonly password?: string;
  /** The seed of an nkey, `SU…`. */
  readonly nkey?: string;
  /** Path of a `.creds` file. */
  readonly creds?: string;
}

/** Paths of PEM files: whom we trust, and with certificate and key who we are. */
export interface NatsTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface Access {
  readonly servers: string[];
  /** For messages: hosts without credentials. */
  readonly shown: string;
  /** For messages: what kind of credentials we have. */
  readonly means: string;
  readonly options: {
    readonly authenticator?: Authenticator;
    readonly token?: string;
    readonly user?: string;
    readonly pass?: string;
    readonly tls?: TlsOptions;
  };
}

const VARIABLES = {
  token: 'LIGHTBULB_NATS_TOKEN',
  user: 'LIGHTBULB_NATS_USER',
  password: 'LIGHTBULB_NATS_PASSWORD',
  nkey: 'LIGHTBULB_NATS_NKEY',
  creds: 'LIGHTBULB_NATS_CREDS',
  ca: 'LIGHTBULB_NATS_CA',
  cert: 'LIGHTBULB_NATS_CERT',
  key: 'LIGHTBULB_NATS_KEY',
} as const;

/**
 * Where to connect and as whom: from the options, else from the URL (`nats://token@host`, `nats://user:password@host`),
 * else from the environment (`LIGHTBULB_NATS_…`). No secret ever becomes part of a message.
 */
export function access(servers: string | readonly string[], auth?: NatsAuth, tls?: NatsTls): Access {
  const places = (typeof servers === 'string' ? servers.split(',') : servers).map((url) => placeOf(url.trim()));
  const inUrl = places.find(({ auth }) => auth !== undefined)?.auth;
  const { kind, options } = authenticate(
    auth ?? inUrl ?? fromEnvironment(['token', 'user', 'password', 'nkey', 'creds']),
  );
  const files = tls ?? fromEnvironment<NatsTls>(['ca', 'cert', 'key']);
  const isTls = places.some(({ isTls }) => isTls) || Object.keys(files).length > 0;
  return {
    servers: places.map(({ host }) => host),
    shown: places.map(({ shown }) => shown).join(', '),
    means: kind,
    options: { ...options, ...(isTls ? { tls: tlsOptions(files) } : {}) },
  };
}

/** The same text with credentials in URLs hidden. */
export function masked(text: string): string {
  return text.replace(/\/\/.*@/g, '//***@');
}

interface Place {
  readonly host: string;
  readonly shown: string;
  readonly isTls: boolean;
  readonly auth: NatsAuth | undefined;
}

function placeOf(text: string): Place {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isGood =
    url !== undefined && /^(nats|tls):$/.test(url.protocol) && url.hostname !== '' && /^\/?$/.test(url.pathname);
  if (!isGood) {
    throw new LightbulbError('invalid_input', 'no address of a NATS server', {
      wanted: 'nats://host:4222 or tls://host:4222',
      got: JSON.stringify(masked(text)),
      cure: 'Letters of a password that mean something in URLs are written as %40 and so on',
    });
  }
  const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  const auth = user === '' ? undefined : password === '' ? { token: user } : { user, password };
  return { host: url.host, shown: `${url.protocol}//${url.host}`, isTls: url.protocol === 'tls:', auth };
}

function fromEnvironment<T extends NatsAuth | NatsTls>(names: readonly (keyof typeof VARIABLES)[]): T {
  const set = names.flatMap((name) => {
    const value = process.env[VARIABLES[name]];
    return value === undefined || value === '' ? [] : [[name, value]];
  });
  return Object.fromEntries(set) as T;
}

function authenticate({ token, user, password, nkey, creds }: NatsAuth): Pick<Access, 'options'> & { kind: string } {
  const kinds = Object.entries({ token, user: user ?? password, nkey, creds }).filter(
    ([, value]) => value !== undefined,
  );
  if (kinds.length > 1) {
    throw new LightbulbError('invalid_input', 'more than one kind of credentials for NATS', {
      wanted: 'one of token, user and password, nkey, creds',
      got: kinds.map(([kind]) => kind).join(' and '),
      cure: `In the environment: ${Object.values(VARIABLES).slice(0, 5).join(', ')}`,
    });
  }
  if (token !== undefined) return { kind: 'a token', options: { token } };
  if (user !== undefined || password !== undefined) {
    if (user === undefined || password === undefined) {
      throw new LightbulbError('invalid_input', 'a NATS user needs a name and a password', {
        got: user === undefined ? 'only the password' : 'only the name',
        cure: `In the environment: ${VARIABLES.user} and ${VARIABLES.password}`,
      });
    }
    return { kind: 'a user and a password', options: { user, pass: password } };
  }
  if (nkey !== undefined) return { kind: 'an nkey', options: { authenticator: nkeyAuthenticator(checkedSeed(nkey)) } };
  if (creds === undefined) return { kind: 'no credentials', options: {} };
  return { kind: 'a file of credentials', options: { authenticator: credsAuthenticator(checkedCreds(creds)) } };
}

/** The seed as bytes. Its text appears in no error. */
function checkedSeed(seed: string): Uint8Array {
  const encoded = new TextEncoder().encode(seed.trim());
  try {
    nkeys.fromSeed(encoded);
    return encoded;
  } catch {
    throw new LightbulbError('invalid_input', 'the nkey is not a seed', { wanted: '58 letters and digits, SU…' });
  }
}

function checkedCreds(path: string): Uint8Array {
  const content = readOrRefuse(path, VARIABLES.creds);
  if (/BEGIN NATS USER JWT[\s\S]*BEGIN USER NKEY SEED/.test(content.toString())) return new Uint8Array(content);
  throw new LightbulbError('invalid_input', 'no credentials in this file', {
    where: path,
    wanted: 'a user JWT and a seed, as nsc writes them',
  });
}

function tlsOptions({ ca, cert, key }: NatsTls): TlsOptions {
  if ((cert === undefined) !== (key === undefined)) {
    throw new LightbulbError('invalid_input', 'a certificate and its key go together', {
      got: cert === undefined ? 'only the key' : 'only the certificate',
      cure: `In the environment: ${VARIABLES.cert} and ${VARIABLES.key}`,
    });
  }
  return {
    ...(ca === undefined ? {} : { ca: readOrRefuse(ca, VARIABLES.ca).toString() }),
    ...(cert === undefined ? {} : { cert: readOrRefuse(cert, VARIABLES.cert).toString() }),
    ...(key === undefined ? {} : { key: readOrRefuse(key, VARIABLES.key).toString() }),
  };
}

function readOrRefuse(path: string, variable: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new LightbulbError('invalid_input', 'cannot read this file', {
      where: path,
      got: code ?? 'an error',
      cure: `It is named by the options or by ${variable}`,
    });
  }
}
