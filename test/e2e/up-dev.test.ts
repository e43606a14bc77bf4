import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { RunningLotse } from '../harness/running-lotse.ts';
import { endProcessesOf } from '../harness/state-processes.ts';

const fixture = fileURLToPath(new URL('../fixtures/apps/two-folders', import.meta.url));

const event = z.looseObject({ event: z.string() });
type Event = z.infer<typeof event>;

/** `lotse up dev --json` on a copy of an app with `web`, `api` and a worker, each in a folder of its own. */
async function startDev(t: TestContext, folder = copyOfApp()) {
  const running = new RunningLotse(['up', 'dev', '--json', '--state', join(folder, '../state')], { cwd: folder });
  t.after(async () => {
    await running.interrupt();
    await endProcessesOf(join(folder, '..')); // what a session leaves behind that was killed
    rmSync(join(folder, '..'), { recursive: true, force: true });
  });
  const events = (): readonly Event[] => parsed(running.stdout);
  const seen = (after: number, name: string, service?: string) =>
    events().findIndex(
      (each, index) => index >= after && each.event === name && (service === undefined || each.service === service),
    );
  const until = async (name: string, service?: string, after = 0): Promise<Event> => {
    const at = await running.until(`${name} ${service ?? ''}`, () => {
      const found = seen(after, name, service);
      return found < 0 ? null : { found };
    });
    const found = events()[at.found];
    assert.ok(found);
    return found;
  };
  const ready = await until('ready');
  const [byName = '', byPort = ''] = z.array(z.string()).parse(ready.addresses);
  return {
    ...{ running, folder, events, until, byName, byPort },
    change: (file: string, from: string, to: string): void => {
      const path = join(folder, file);
      const text = readFileSync(path, 'utf8');
      assert.ok(text.includes(from));
      writeFileSync(path, text.replace(from, to));
    },
    startsOf: (service: string) =>
      events().filter((each) => each.event === 'starting' && each.service === service).length,
  };
}

function copyOfApp(): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'lotse-dev-')), 'app');
  mkdirSync(folder);
  cpSync(fixture, folder, { recursive: true });
  return folder;
}

function parsed(stdout: string): readonly Event[] {
  const whole = stdout.slice(0, stdout.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => event.parse(JSON.parse(line)));
}

async function get(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  return await answer.text();
}

test('a changed file restarts its own service alone, and no request meets a closed door meanwhile', async (t) => {
  const dev = await startDev(t);
  assert.match(dev.byName, /^http:\/\/dev\.two-folders\.localhost:\d+$/);
  await Promise.all(['web', 'api', 'clock'].map((service) => dev.until('up', service)));
  assert.equal(await get(dev.byPort), 'web one in dev, the api says: api one');
  const from = dev.events().length;
  dev.change('web/server.js', 'web one', 'web two');
  await dev.until('starting', 'web', from);
  assert.equal(await get(dev.byPort), 'web two in dev, the api says: api one', 'asked while it restarts');
  assert.equal(dev.startsOf('api'), 1);
  assert.equal(dev.startsOf('clock'), 1);
  dev.change('phrases/words.js', 'in dev', 'now');
  await dev.until('up', 'web', dev.events().length);
  assert.equal(await get(dev.byPort), 'web two now, the api says: api one');
  const log = await dev.until('log', 'clock');
  assert.equal(log.text, 'tick of two-folders');
  const { exitCode } = await dev.running.interrupt();
  assert.equal(exitCode, 0);
  await assert.rejects(get(dev.byPort), 'nothing is left behind');
});

test('a service that crashes shows its last lines and starts again with the next change', async (t) => {
  const dev = await startDev(t);
  await dev.until('up', 'web');
  dev.change('web/server.js', "'use strict';", "'use strict'; throw new Error('typo of the day');");
  const crashed = await dev.until('crashed', 'web');
  assert.match(z.array(z.string()).parse(crashed.tail).join('\n'), /typo of the day/);
  assert.match(String(crashed.how), /^ended with exit status 1/);
  const from = dev.events().length;
  dev.change('web/server.js', " throw new Error('typo of the day');", '');
  await dev.until('up', 'web', from);
  assert.match(await get(dev.byPort), /^web one/);
  assert.equal(dev.events().filter((each) => each.event === 'crashed').length, 1);
});

test('a manifest with mistakes changes nothing; a good one changes what it names', async (t) => {
  const dev = await startDev(t);
  await Promise.all(['web', 'api', 'clock'].map((service) => dev.until('up', service)));
  dev.change('lotse.yaml', 'services:', 'sevices:');
  const broken = await dev.until('manifest-broken');
  assert.match(JSON.stringify(broken), /did you mean \\"services\\"/);
  assert.match(await get(dev.byPort), /^web one/);
  dev.change('lotse.yaml', 'sevices:', 'services:');
  await dev.until('manifest-read');
  assert.equal(dev.startsOf('web'), 1);
  const from = dev.events().length;
  dev.change('lotse.yaml', "GREETING: ''", "GREETING: ', hello'");
  await dev.until('up', 'web', from);
  assert.equal(await get(dev.byPort), 'web one in dev, the api says: api one, hello');
  assert.equal(dev.startsOf('api'), 1, 'its config is as it was');
  dev.change('lotse.yaml', '  clock: { root: ./clock, run: node clock.js }\n', '');
  await dev.until('removed', 'clock');
});

test('a second session on the same state is refused, and one that was killed leaves nothing in the way', async (t) => {
  const dev = await startDev(t);
  await dev.until('up', 'web');
  const second = new RunningLotse(['up', 'dev', '--state', join(dev.folder, '../state')], { cwd: dev.folder });
  const { exitCode, said } = await second.end(30_000);
  assert.equal(exitCode, 24, said);
  await dev.running.kill();
  const again = await startDev(t, dev.folder);
  await again.until('up', 'web');
  assert.equal(again.byPort, dev.byPort);
  assert.match(await get(again.byPort), /^web one/);
});

test('missing packages are said at once', async (t) => {
  const folder = copyOfApp();
  writeFileSync(join(folder, 'api/package.json'), '{ "dependencies": { "left-pad": "1.3.0" } }');
  const dev = await startDev(t, folder);
  const note = await dev.until('note');
  assert.match(String(note.text), /api has a package\.json.*npm install/);
});
