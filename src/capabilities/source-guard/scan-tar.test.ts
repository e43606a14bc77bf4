import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { runScan } from './run-scan.ts';

// Put together here, so that no scan of this repository finds them.
const awsId = ['AKIA', 'QWERTYUIOPASDFGH'].join('');
const awsSecret = ['wJalrXUtnFEMI', 'K7MDENGbPxRfiCYzz1234567890'].join('');
const github = ['ghp_', 'wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx'].join('');
const age = ['AGE-SECRET-KEY-', '1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX'].join('');

function keys(): readonly string[] {
  const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
  const pkcs1 = { type: 'pkcs1', format: 'pem' } as const;
  const sec1 = { type: 'sec1', format: 'pem' } as const;
  return [
    generateKeyPairSync('ed25519').privateKey.export(pkcs8),
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(sec1),
    generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey.export(pkcs1),
    generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({
      ...pkcs8,
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    }),
  ].map(String);
}

async function scan(t: TestContext, files: Readonly<Record<string, string | Buffer>>) {
  const folder = mkdtempSync(join(tmpdir(), 'lotse-scan-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, 'source', path)), { recursive: true });
    writeFileSync(join(folder, 'source', path), content);
  }
  const tar = join(folder, 'source.tar');
  execFileSync('tar', ['--sort=name', '-cf', tar, '-C', join(folder, 'source'), '.']);
  return await runScan(tar);
}

test('each kind of secret is found with its file and line, and nothing of it is in the answer', async (t) => {
  const long = `a/${'deep/'.repeat(30)}key.txt`;
  const texts = [awsId, `x\nAWS_SECRET_ACCESS_KEY=${awsSecret}`, `token: "${github}"`, age, ...keys()];
  const named = Object.fromEntries(texts.map((text, index) => [`${index}.txt`, `first\n${text}\n`]));
  const { findings } = await scan(t, { ...named, [long]: `\n\n${github}` });
  const places = findings.map(({ path, line }) => `${path}:${line}`);
  assert.deepEqual(places.toSorted(), [
    ...['0.txt:2', '1.txt:3', '2.txt:2', '3.txt:2', '4.txt:2', '5.txt:2', '6.txt:2', '7.txt:2'],
    `${long}:3`,
  ]);
  const said = JSON.stringify(findings);
  for (const secret of [awsId, awsSecret, github, age]) assert.ok(!said.includes(secret));
});

test('in configuration a name says what its value is, where nobody is to fill it in', async (t) => {
  const yaml =
    'app: shop\nconfig:\n  DB_PASSWORD: correct-horse-9\n  API_KEY: ${API_KEY}\n  SESSION_SECRET: changeme-please\n';
  const { findings } = await scan(t, {
    'lotse.yaml': yaml,
    '.env': `# ours\nSMTP_URL=smtp://app:hunter2word@mail.shop.example\nexport API_TOKEN="abcdefgh1234"\nTOKEN_TTL=86400000\n`,
    'apps/web/.env.production': 'PRIVATE_KEY=abcdefghijkl\n',
    '.env.example': 'API_TOKEN=abcdefgh1234\n',
    'src/config.ts': 'const password = "correct-horse-9";\nconst DB_PASSWORD = "correct-horse-9";\n',
  });
  assert.deepEqual(findings.map(({ path, line, rule }) => `${path}:${line} ${rule}`).toSorted(), [
    '.env:2 password in a URL',
    '.env:3 value of API_TOKEN',
    'apps/web/.env.production:1 value of PRIVATE_KEY',
    'lotse.yaml:3 value of DB_PASSWORD',
  ]);
});

test('a comment that switches the library off hides nothing', async (t) => {
  const { findings } = await scan(t, {
    'a.js': `// secretlint-disable\nconst t = "${github}"; // secretlint-disable-line\n`,
  });
  assert.deepEqual(
    findings.map(({ line }) => line),
    [2],
  );
});

test('binary files, packages of others and what looks like a secret only at a glance are passed over', async (t) => {
  const { findings } = await scan(t, {
    'picture.bin': Buffer.concat([Buffer.from([0, 1, 2]), Buffer.from(github)]),
    'node_modules/x/test.js': github,
    'docs.md':
      '`AKIAIOSFODNN7EXAMPLE` stands in every guide.\n-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----\n',
    'package-lock.json':
      '"integrity": "sha512-Zb0LLjVYnb3XhvTzwQPp4HWsDYGFnl5vDxyHmjYlLzzYbM5Eh9xGPhYRZbVlAbCXGY+Nw8ELJ8cyOQ=="',
    'public.pem':
      '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n',
  });
  assert.deepEqual(findings, []);
});
