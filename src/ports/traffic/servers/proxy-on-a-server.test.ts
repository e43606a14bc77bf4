import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { baseImage } from '../../../../test/harness/docker-base-image.ts';
import type { OtherMachine } from '../../../../test/harness/other-machine.ts';
import { startOtherMachine } from '../../../../test/harness/other-machine.ts';
import { until } from '../../../../test/harness/until.ts';
import { openServer } from '../../../other-machine/open-server.ts';
import type { Server } from '../../../other-machine/open-server.ts';
import { environment, revision, service, testProbeKey } from '../../../proxy/fixtures/documents.ts';
import { freePorts, ProxyFolder } from '../../../proxy/fixtures/running-proxy.ts';
import { ProxyRouter } from '../proxy/proxy-router.ts';
import { ServersRouter } from './servers-router.ts';

const other = await startOtherMachine();
if (other.skip !== false) console.log(`skipped: ${other.skip}`);
const app = `require('node:http').createServer((q, a) => a.end('from there')).listen(3000)`;
const question = { app: 'shop', environment: 'production', revision: 'r1', times: 3, bucket: null };

test(
  'an environment on a real server is routed, proven through the link and counted',
  { skip: other.skip },
  async () => {
    if (other.skip !== false) return;
    const folder = mkdtempSync(join(tmpdir(), 'lotse-on-server-'));
    const name = `tcp://${other.address.host}:${other.address.port}`;
    const own = new ProxyFolder();
    const control = await own.start();
    const server = await openOn(other, name, folder);
    try {
      const [frontPort = 0] = await freePorts(1);
      const common = { fence: () => 1, probeKey: testProbeKey, now: Date.now };
      const doors = { frontPort, tls: null, challenges: [], trustedProxies: [], accessLogPermille: 0 };
      const local = new ProxyRouter({
        ...{ ...common, proxy: async () => control },
        doors: () => ({ ...doors, frontHost: '127.0.0.1' }),
      });
      const there = new ProxyRouter({
        ...{ ...common, proxy: async () => await server.proxy() },
        doors: () => ({ ...doors, frontHost: '0.0.0.0' }),
        inside: async (port) => await server.link.connect({ host: '127.0.0.1', port }, { timeoutMs: 5_000 }),
      });
      const router = new ServersRouter({
        ...{ local, server: () => there, all: () => [name], serversOf: async () => [name] },
        ...{ innerNetwork: async () => null, folder: join(folder, 'routes') },
      });
      await other.engine.containers.start(
        await other.engine.containers.create('app', { Image: baseImage, Cmd: ['node', '-e', app] }),
      );
      const { NetworkSettings } = await other.engine.containers.inspect('app');
      const host = Object.values(NetworkSettings.Networks)[0]?.IPAddress ?? '';
      const address = { host, port: 3000, server: name };
      const instance = { slot: 0, address, state: 'accepting', drainMs: 1_000 } as const;
      const routed = environment([revision('r1', [service([instance])])], { domains: ['shop.localhost'] });
      // A proxy that is slow to answer is told again, as the engine does.
      await until('it is published', async () => await router.publish([routed]).then(() => true));
      assert.deepEqual(await router.environments(), [routed]);
      for (let tries = 0; tries < 1_000 && (await visit(other.ip, frontPort)) !== 'from there'; tries++)
        await pause(100);
      // The name leads to this machine here, where nobody listens: what the proxy there answers counts, and people are told.
      const { inARow, problem, outsideProblem } = await router.prove(question, new AbortController().signal);
      assert.deepEqual([inARow, problem], [3, null]);
      assert.match(outsideProblem ?? '', /ECONNREFUSED/);
      const { addresses, problems } = await router.status();
      assert.deepEqual(
        addresses.map((each) => each.address),
        [address],
      );
      assert.deepEqual(problems, []);
      const counted = (await router.counters()).flatMap(({ counts }) => counts);
      assert.ok(counted.some(({ ok }) => ok > 0));
    } finally {
      await server.close();
      await own.end(control);
      rmSync(folder, { recursive: true, force: true });
      other.release();
    }
  },
);

async function openOn({ address }: OtherMachine, name: string, folder: string): Promise<Server> {
  mkdirSync(join(folder, 'tls'));
  for (const [file, text] of Object.entries({ ca: address.ca, cert: address.cert, key: address.key.reveal() }))
    writeFileSync(join(folder, 'tls', `${file}.pem`), text);
  return await openServer({ address: name, folder, stateId: 'route' });
}

async function visit(host: string, port: number): Promise<string> {
  return await new Promise<string>((resolve) => {
    const sent = request({ host, port, agent: false, headers: { host: 'shop.localhost' } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      answer.once('end', () => resolve(text));
    });
    sent.once('error', () => resolve('')).end();
  });
}
