import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HiddenValues } from '../../src/core/hidden-values.ts';
import { openMachine } from '../../src/machine.ts';
import type { ServiceOrder } from '../../src/ports/targets/targets.ts';
import { baseImage } from '../harness/docker-base-image.ts';
import { findTestEngine } from '../harness/docker-engine.ts';
import { startOtherMachine } from '../harness/other-machine.ts';
import { packSource } from '../harness/pack-source.ts';
import { until } from '../harness/until.ts';

const app = fileURLToPath(new URL('../fixtures/apps/instance/app.mjs', import.meta.url));
const dockerfile = `FROM ${baseImage}\nWORKDIR /app\nCOPY . .\nENTRYPOINT []\n`;
const scope = { app: 'shop', environment: 'production' };
const never = new AbortController().signal;

const found = await findTestEngine();
const machine = await startOtherMachine(); // Lotse's proxy there needs the base image.
const skip = found.skip === false ? machine.skip : found.skip;
if (skip !== false) console.log(`skipped: ${skip}`);

after(() => (machine.skip === false ? machine.release() : undefined));

test(
  'what is built here runs on another machine, is asked by the agent there, and adopted at the next start',
  { skip },
  async () => {
    if (found.skip !== false || machine.skip !== false) return;
    const folder = await mkdtemp(join(tmpdir(), 'lotse-other-machines-'));
    const stateDir = join(folder, 'state');
    const tls = join(stateDir, 'servers/tls');
    await mkdir(tls, { recursive: true });
    const { ca, cert, key, host, port } = machine.address;
    for (const [name, text] of Object.entries({ ca, cert, key: key.reveal() })) {
      await writeFile(join(tls, `${name}.pem`), text);
    }
    const server = `tcp://${host}:${port}`;
    const open = () =>
      openMachine({ stateDir, hidden: new HiddenValues(), dockerHost: `unix://${found.address.path}` });
    let opened = await open();
    try {
      const builder = await opened.builders.of('docker');
      const source = { Dockerfile: dockerfile, 'app.mjs': readFileSync(app, 'utf8') };
      const sourceTar = await packSource(join(folder, 'source'), source);
      const build = { app: 'shop', key: 'one', sourceTar, roots: ['.'], run: null, variables: {}, withinMs: 120_000 };
      const { digest } = await builder.build({ ...build, memoryBytes: null }, () => undefined, never);
      const order = orderOf(digest, server);
      await until('the order is kept', async () => {
        await opened.target.ensure(order);
        return true;
      });
      const ready = async () => {
        const slots = await opened.target.observe(scope);
        const failed = slots.find(({ state }) => state === 'gave-up');
        assert.equal(failed, undefined, failed?.note ?? '');
        // The port of an adopted one may answer before its engine does.
        const areSeen = slots.every(({ state, startedAt }) => state === 'ready' && startedAt !== null);
        return slots.length === 2 && areSeen ? slots : null;
      };
      const before = await until('both are ready', ready);
      assert.deepEqual(
        before.map((slot) => [slot.slot, slot.server, slot.address?.server]),
        [
          [0, server, server],
          [1, server, server],
        ],
      );
      assert.equal((await found.engine.containers.list({ ancestor: [digest] })).length, 0, 'none of it runs here');
      const place = { ...scope, target: 'docker', servers: [server] } as const;
      assert.ok(((await opened.target.room(place))?.memoryFreeBytes ?? 0) > 0);
      assert.match((await opened.target.innerNetwork(place))?.host ?? '', /^10\.213\./);

      await opened.target.close();
      opened = await open();
      const after = await until('both are seen again', ready);
      assert.deepEqual(
        after.map(({ slot, attempt, startedAt }) => [slot, attempt, startedAt]),
        before.map(({ slot, attempt, startedAt }) => [slot, attempt, startedAt]),
      );
      await opened.target.ensure({ ...order, slots: 0 });
      await until('all has ended', async () => (await opened.target.observe(scope)).length === 0);
      assert.deepEqual(await (await opened.builders.of('docker')).collect('shop', []), [digest]);
    } finally {
      await opened.target.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
);

function orderOf(artifact: string, server: string): ServiceOrder {
  return {
    ...{ ...scope, revision: 'production-1', release: 'r1-abcdef0', target: 'docker', servers: [server], slots: 2 },
    ...{ artifact, claim: null, variables: {}, storeFolders: [], avoid: [] },
    definition: {
      ...{ service: 'web', kind: 'web', argv: ['node', 'app.mjs'], root: '.', port: 3000, path: '/' },
      ...{ ready: { kind: 'http', path: '/up' }, live: null, drainMs: 2000, instances: 2, memoryBytes: null },
      ...{ cpuCores: null, stickiness: { kind: 'none' }, assets: null, readsClaim: false },
    },
  };
}
