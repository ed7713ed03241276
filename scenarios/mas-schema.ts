import Type from 'typebox';

const secret = (what: string) =>
  Type.Optional(
    Type.String({
      description: `${what}: the name of the environment variable that holds it, as "$NAME". Never the secret itself.`,
      pattern: '^\\$[A-Za-z_][A-Za-z0-9_]*$',
    }),
  );
const path = (description: string) => Type.Optional(Type.String({ description, minLength: 1 }));

const auth = Type.Object(
  {
    token: secret('A token'),
    user: Type.Optional(Type.String({ description: 'The name of a user; goes with "password".', minLength: 1 })),
    password: secret('The password of "user"'),
    nkey: secret('The seed of an nkey'),
    creds: path("A file of nsc's, from this scenario's folder."),
  },
  {
    title: 'Credentials',
    description: 'One kind. Without any: LIGHTBULB_NATS_TOKEN and so on; see docs/bus.md.',
    additionalProperties: false,
  },
);

const tls = Type.Object(
  {
    ca: path('Whom to trust, a PEM file.'),
    cert: path('Our certificate, a PEM file.'),
    key: path("The certificate's key, a PEM file."),
  },
  { title: 'TLS', description: "Files, from this scenario's folder.", additionalProperties: false },
);

/** How agents that learn together talk; for the learner `shared`. */
export const masSchema = Type.Object(
  {
    bus: Type.Optional(
      Type.String({
        description: 'memory: (everybody in this process), or nats://host:4222 (a process for each role).',
        default: 'memory:',
        // Credentials in an address would end up in the run's folder.
        pattern: '^(memory:|(nats|tls)://[^@\\s]+)$',
      }),
    ),
    auth: Type.Optional(auth),
    tls: Type.Optional(tls),
    roles: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Object(
          {
            place: Type.Optional(
              Type.Enum(['local', 'remote'], {
                description: 'local: the run starts it; remote: the run waits for `lightbulb agent`.',
                default: 'local',
              }),
            ),
          },
          { additionalProperties: false },
        ),
        { description: 'Where roles (groups of agents) run that are not local.', default: {} },
      ),
    ),
  },
  { title: 'Multi-agent system', additionalProperties: false, default: {} },
);

/** Everything filled in. */
export interface MasChoice {
  readonly bus: string;
  readonly auth?: {
    readonly token?: string;
    readonly user?: string;
    readonly password?: string;
    readonly nkey?: string;
    readonly creds?: string;
  };
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly roles: Readonly<Record<string, { readonly place: 'local' | 'remote' }>>;
}
