import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { LotseError } from '../../core/errors.ts';
import { carriedKeys, otherKeys } from './compose-keys.ts';
import { fixture, initOf } from './fixtures/compose-world.ts';

/** A manifest that parses (the world parses it), or an error that says where. */
function assertJudged(text: string, files: Readonly<Record<string, string>> = {}): void {
  try {
    const { notes } = initOf(text, files);
    for (const note of notes) assert.match(note, /^compose\.yaml:[1-9]\d* [^\n]+$/);
  } catch (thrown) {
    if (!(thrown instanceof LotseError) || thrown.code !== 'bad-input') throw thrown;
  }
}

const names = fc.constantFrom(
  'web',
  'api',
  'db',
  'Base',
  'lotse',
  'constructor',
  'a_b',
  'a-b',
  'x'.repeat(60),
  '9',
  'ü',
);
const words = fc.constantFrom(
  ...[
    '',
    '.',
    './web',
    '../x',
    '/abs',
    'data:/data',
    './data:/data',
    './a/../b:/b',
    '8080:3000',
    '3000',
    '1-9:1-9',
    '0',
    '99999',
  ],
  ...[
    'node server.js',
    'a && b',
    'it\'s "so"',
    '--token abc',
    "'",
    '$$HOME',
    '${A}',
    '${DB_PASSWORD}',
    '${A:-${B}}',
    '#x',
  ],
  ...[
    'A=1',
    'PORT=3000',
    'API_URL=http://api:80',
    'DATA_DIR=/data',
    '=',
    'A',
    '-',
    'redis:7',
    'node:24',
    'no',
    'always',
  ],
  ...[
    '512m',
    '0.5',
    '1e9',
    '30s',
    'true',
    'service_completed_successfully',
    'http://localhost:3000/up',
    '\0',
    'a\nb',
    '~',
  ],
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof({ maxDepth: 3 }, words, fc.constantFrom(null, true, 0, 3000, 1.5, -1), tie('map'), tie('list')),
  map: fc.dictionary(
    fc.oneof(
      names,
      fc.constantFrom('context', 'target', 'source', 'type', 'limits', 'resources', 'memory', 'test', '<<', 'A'),
    ),
    tie('tree'),
    { maxKeys: 4 },
  ),
  list: fc.array(tie('tree'), { maxLength: 4 }),
}));
const service = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...carriedKeys, ...Object.keys(otherKeys)), tree, { maxKeys: 8 }),
    fc.constantFrom({ build: '.' }, { build: './web', command: 'node a.js' }, {}),
  )
  .map(([some, sure]) => ({ ...some, ...sure }));
const files = fc.dictionary(
  fc.constantFrom('Dockerfile', 'web/Dockerfile', '.env', 'package.json', 'A'),
  fc.oneof(
    words,
    fc.constantFrom('FROM a\nCMD ["x", "y z"]\nEXPOSE 80', 'A="b\nc"\nB=$A', '{"scripts":{"start":"x"}}'),
  ),
);

test('whatever a compose file says, the result is a manifest that parses or an error that says where', () => {
  const app = fc.record({
    services: fc.dictionary(names, service, { minKeys: 1, maxKeys: 5 }),
    volumes: tree,
    name: words,
  });
  fc.assert(
    fc.property(app, files, (data, around) => {
      assertJudged(stringify(data, { aliasDuplicateObjects: false }), around);
    }),
    { numRuns: 500 },
  );
});

test('no change to a real file throws anything but an error that says where', () => {
  const shop = fixture('shop.compose.yaml');
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(6), fc.string({ maxLength: 6 })), { minLength: 1, maxLength: 4 });
  const edited = edits.map((list) =>
    list.reduce((before, [at, removed, added]) => {
      const offset = at % (before.length + 1);
      return before.slice(0, offset) + added + before.slice(offset + removed);
    }, shop),
  );
  fc.assert(
    fc.property(edited, (text) => assertJudged(text)),
    { numRuns: 200 },
  );
});

test('a secret, wherever it stands under a name that says so, is never written down', () => {
  const name = fc.constantFrom(
    'DB_PASSWORD',
    'SESSION_SECRET',
    'apiKey',
    'STRIPE_KEY',
    'AUTH_TOKEN',
    'SENTRY_DSN',
    'PGPASSWORD',
  );
  const value = fc.stringMatching(/^canary[A-Za-z0-9]{4,20}$/);
  fc.assert(
    fc.property(name, value, (secret, canary) => {
      const text = `services:
  app:
    build: .
    command: ["run", "--password=${canary}", "--api-key", "${canary}", "${secret}=${canary}", "\${${secret}}", "https://u:${canary}@x/"]
    env_file: app.env
    environment: { ${secret}: ${canary}, URL: "amqp://me:${canary}@mq/", OTHER: "x\${${secret}}", DEFAULT: "\${${secret}:-${canary}}" }
    healthcheck: { test: "curl http://localhost/up?token=${canary}" }
    ports: [80]
`;
      const around = { 'app.env': `${secret}=${canary}\n`, '.env': `${secret}=${canary}\n` };
      const { proposal, text: written } = initOf(text, around);
      assert.ok(!(JSON.stringify(proposal) + written).includes(canary), written);
    }),
    { numRuns: 100 },
  );
});
