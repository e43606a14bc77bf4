import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { commandLinesWith, filesWith, saidOf, writtenForms } from '../harness/find-leaks.ts';
import type { Shop } from '../harness/shop-app.ts';
import { temporaryLotse, type TemporaryLotse } from '../harness/temporary-lotse.ts';
import { until } from '../harness/until.ts';
import { visit } from '../harness/visit.ts';

/** Says its secret in every way that there is, which no app should; on request it dies of it. */
const chatty = `import { createServer } from 'node:http';
const value = process.env.SESSION_KEY ?? '';
const forms = [value, Buffer.from(value).toString('base64'), Buffer.from('user:' + value).toString('base64'),
  encodeURIComponent(value), JSON.stringify({ value })];
const say = () => { for (const form of forms) console.log('here it is: ' + form); };
say();
createServer((request, response) => {
  if (request.url === '/end') { say(); throw new Error('ends with ' + value); }
  response.end('up');
}).listen(process.env.PORT);
`;
const shop: Shop = {
  web: { run: 'node chatty.mjs' },
  more: { secrets: ['SESSION_KEY'], jobs: { tell: { run: 'node tell.mjs' } } },
};
const tell = `console.log('job: ' + process.env.SESSION_KEY); console.error(JSON.stringify(process.env.SESSION_KEY)); process.exit(1);`;
const files = { 'chatty.mjs': chatty, 'tell.mjs': tell };
const at = '/apps/shop/environments/production';

/** What escaping changes is in it; the first line is long enough to be known by itself. */
const newValue = (word: string): string => `${word} "${randomBytes(12).toString('hex')}" & 100 %\\ ä/+`;

/** All that is told to somebody who may see everything. */
async function everythingSaid(lotse: TemporaryLotse): Promise<readonly string[]> {
  const paths = [
    ...['', '/logs?last=1000', '/secrets', '/evidence', '/config', '/jobs'].map((path) => `${at}${path}`),
    ...['journal?last=1000', 'releases'].map((path) => `/apps/shop/${path}`),
  ];
  const { server, token } = lotse.plane;
  const headers = { authorization: `Bearer ${token}` };
  return await Promise.all(
    paths.map(async (path) => await (await fetch(`${server}/api/v1${path}`, { headers })).text()),
  );
}

/** Output of programs lies where only Lotse's own user can read it, as they wrote it. */
const isOutput = (path: string): boolean => /\/attempts\/\d+\/(?:out|err)\.log$/.test(path);

test(
  'a value appears nowhere: not in what is said, written, kept or run, in whatever form',
  { timeout: 240_000 },
  async (t) => {
    const lotse = await temporaryLotse(t);
    await lotse.start();
    const [first, second] = [newValue('first'), newValue('second')];
    const texts = [first, second].flatMap(writtenForms);
    const said: string[] = [];
    const put = async (path: string, value: string) => {
      said.push(JSON.stringify(await lotse.client.ask(path, { value, reason: 'new' })));
    };
    await put(`PUT ${at}/secrets/SESSION_KEY`, first);
    const release = await lotse.client.release(shop, { files });
    await lotse.client.deploy(release.id);
    // An app that dies with the value on its lips, and a job that says it: their words are shown and journalled.
    await visit(await lotse.port(), '/end').catch(() => undefined);
    said.push(...(await everythingSaid(lotse)));
    const job = JSON.stringify(await lotse.client.ask(`POST ${at}/jobs`, { job: 'tell' }).catch(String));
    said.push(job);
    await put(`POST ${at}/secrets/SESSION_KEY/rotation`, second);
    const next = await lotse.client.release(shop, { files: { ...files, 'more.txt': 'more' } });
    await lotse.client.deploy(next.id);
    await until('the first is revoked', async () => {
      const [secret] = Object.values(Object(await lotse.client.ask(`GET ${at}/secrets`)));
      return !JSON.stringify(secret).includes('"oldVersion":"1"');
    });
    // A body that is no JSON is not quoted back, and a name that cannot be is refused without the value.
    const { server, token } = lotse.plane;
    const broken = await fetch(`${server}/api/v1${at}/secrets/SESSION_KEY`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: `{"value": ${second}`,
    });
    said.push(await broken.text());
    said.push(JSON.stringify(await lotse.client.refusal(`PUT ${at}/secrets/PORT`, { value: second })));
    said.push(...(await everythingSaid(lotse)));
    const lines = said.join('\n');
    assert.match(lines, /here it is: \*\*\*/, 'the words are there, without the value');
    assert.deepEqual(saidOf(lines, texts), []);

    assert.deepEqual(commandLinesWith(texts), []);
    const found = filesWith(lotse.state, texts);
    assert.deepEqual(
      found.filter((path) => !isOutput(path)),
      [],
    );
    // Seen again after a restart, when nothing was read yet by this process. What was revoked is known to nobody by then.
    await lotse.restart();
    assert.deepEqual(saidOf((await everythingSaid(lotse)).join('\n'), writtenForms(second)), []);
    assert.deepEqual(
      filesWith(lotse.state, texts).filter((path) => !isOutput(path)),
      [],
    );

    await findsWhatIsPlanted(lotse, second);
  },
);

/** Each search finds a value, in each form, in each place. */
async function findsWhatIsPlanted(lotse: TemporaryLotse, value: string): Promise<void> {
  const forms = writtenForms(value);
  const control = join(lotse.state, 'control');
  for (const form of forms) {
    assert.deepEqual(saidOf({ message: `before ${form} after` }, [form]), [form]);
    for (const file of [join(control, 'planted.log'), join(lotse.state, 'builds', 'planted')]) {
      writeFileSync(file, `before ${form} after`);
      assert.ok(filesWith(lotse.state, [form]).includes(file), file);
      writeFileSync(file, '');
    }
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)', `x${form}x`]);
    await once(child, 'spawn');
    assert.deepEqual(commandLinesWith([`x${form}x`]), [String(child.pid)]);
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  // In the database: in its write-ahead log, and in a page that was given free without being overwritten.
  const file = join(control, 'planted.sqlite');
  const database = new DatabaseSync(file);
  database.exec('pragma journal_mode = wal; pragma wal_autocheckpoint = 0; create table t (x text)');
  database.prepare('insert into t values (?)').run(value);
  assert.ok(existsSync(`${file}-wal`));
  assert.deepEqual(filesWith(control, [value]), [`${file}-wal`]);
  database.exec(
    'pragma wal_checkpoint(truncate); pragma secure_delete = off; delete from t; pragma wal_checkpoint(truncate)',
  );
  assert.deepEqual(filesWith(control, [value]), [file]);
  database.close();
}
