import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setLiveRestore, startOwnEngine } from '../harness/own-docker-engine.ts';
import { sharedLotse } from '../harness/shared-lotse.ts';
import type { Shop } from '../harness/shop-app.ts';
import { ShopFolder } from '../harness/shop-folder.ts';
import { startTinyRegistry } from '../harness/tiny-registry.ts';
import { until } from '../harness/until.ts';
import { visit } from '../harness/visit.ts';
import { fillDisk } from '../harness/fill-disk.ts';

const own = await startOwnEngine('failures', { diskBytes: 1500 * 2 ** 20 });
if (own.skip !== false) console.log(`skipped: ${own.skip}`);

const dockerfile = 'FROM node:24-slim\nWORKDIR /app\nCOPY . .\nCMD ["node", "web.mjs"]\n';
const good: Shop = { web: { run: undefined }, more: { target: undefined } };
const bad = (web: object, more: Shop = {}): Shop => ({ ...good, ...more, web: { run: undefined, ...web } });
/** Takes 8 MB again and again, and keeps them. */
const greedy = 'const kept = []; setInterval(() => kept.push(Buffer.alloc(8e6, 1)), 1);\n';
/** A program of the image has the port before the app asks for it. */
const twice = `import { createServer } from 'node:http';
const port = process.env.PORT;
createServer().listen(port, () => createServer().listen(port));
`;
/** A line that only BuildKit understands. */
const forBuildKit = 'COPY --chmod=0644 Dockerfile /with-build-kit\n';
const files = { Dockerfile: dockerfile, 'greedy.mjs': greedy, 'twice.mjs': twice };

describe('a container that fails', { skip: own.skip, timeout: 900_000 }, () => {
  if (own.skip !== false) return;
  const { engine } = own;
  const emptyFolder = mkdtempSync(join(tmpdir(), 'lotse-empty-'));
  let folder: ShopFolder;
  let port: number;
  after(async () => {
    rmSync(emptyFolder, { recursive: true });
    await own.end();
  });

  const lotse = sharedLotse(
    async (lotse) => {
      await setLiveRestore(own, true);
      folder = new ShopFolder(lotse);
      folder.write(good, files);
      const first = await folder.lotse('deploy', 'production', '--until', 'settled');
      assert.equal(first.exitCode, 0, first.said);
      port = await lotse.port();
    },
    ['--docker', `unix://${own.address.path}`],
  );

  /** The release that serves, asked by a visitor. */
  async function serving(): Promise<string> {
    const { status, body } = await visit(port);
    assert.equal(status, 200);
    return body;
  }

  /** Deploys what must not go out: users stay where they are, and it is said on the screen. */
  async function failing(exitCode: number, shop: Shop, words: RegExp, changed: Readonly<Record<string, string>> = {}) {
    const before = await serving();
    folder.write(shop, { ...files, ...changed });
    const ran = await folder.lotse('deploy', 'production');
    assert.equal(ran.exitCode, exitCode, ran.said);
    assert.match(ran.said, words);
    assert.equal(await serving(), before);
    assert.equal((await lotse().client.environment()).release, before);
    return ran;
  }

  /** Deploys what must go out, and answers its release. */
  async function deploy(shop: Shop): Promise<string> {
    folder.write(shop, files);
    const ran = await folder.lotse('deploy', 'production', '--until', 'settled');
    assert.equal(ran.exitCode, 0, ran.said);
    return await serving();
  }

  test('for want of memory says its limit, and what raises it', async () => {
    const shop = bad({ run: 'node greedy.mjs', memory: '64 MB' });
    await failing(12, shop, /web does not come up: .*for want of memory \(its limit is 64 MB; `memory` in lotse\.yaml/);
  });

  test('again and again says its exit status and its last words', async () => {
    const ran = await failing(12, { ...good, config: { BEHAVIOUR: 'ends' } }, /ended with exit status 7/);
    assert.match(ran.said, /Given up: it ended 3 times and was never ready/);
    assert.match(ran.said, /the settings are wrong: COLOUR is missing/);
    const journal = JSON.stringify(await lotse().client.ask('GET /apps/shop/journal?environment=production'));
    assert.match(journal, /web does not come up: .*ended with exit status 7.*COLOUR is missing/);
  });

  test('because two of its programs want one port says which port', async () => {
    await failing(12, bad({ run: 'node twice.mjs' }), /port 3000 was in use inside its container: .* give each a port/);
  });

  test('because its command is not in the image says so', async () => {
    const plain = { Dockerfile: dockerfile.replace('CMD', 'ENTRYPOINT []\nCMD') }; // Node's own takes it for a script.
    await failing(12, bad({ run: 'no-such-program' }), /exit status 127: its command was not found/, plain);
  });

  test('for want of its image is not begun: neither a deploy of that release nor a rollback to it', async () => {
    const old = await serving();
    const next = await deploy({ ...good, config: { TURN: 'next' } });
    const { artifact } = (await lotse().client.releases()).find(({ id }) => id === old) ?? assert.fail();
    for (const tag of (await engine.images.inspect(artifact)).RepoTags ?? []) await engine.images.remove(tag);
    const back = await folder.lotse('rollback', 'production');
    assert.equal(back.exitCode, 8, back.said);
    assert.match(back.said, new RegExp(`cannot go back to ${old}: its artifact is gone .*\n.*Deploy its commit again`));
    const refused = await lotse().client.refusedStart(old);
    assert.deepEqual([refused.code, refused.status], ['not-proven', 409]);
    assert.match(refused.detail, /artifact of .* is gone .* Deploy its commit again/);
    assert.equal(await serving(), next);
    assert.notEqual(await deploy({ ...good, config: { TURN: 'old' } }), next);
  });

  for (const [what, status, code, message, words, step] of [
    ['wants credentials', 401, 'UNAUTHORIZED', 'authentication required', /wants credentials: `docker login`/, ''],
    ['forbids it', 403, 'DENIED', 'access is denied', /wants credentials: `docker login`/, forBuildKit],
    ['does not have it', 404, 'MANIFEST_UNKNOWN', 'manifest unknown', /the name and the tag after FROM/, forBuildKit],
    ['is asked too often', 429, 'TOOMANYREQUESTS', 'You have reached your limit', /limits how often .* wait/, ''],
  ] as const) {
    test(`whose registry ${what} is not built, and what to do is said`, async () => {
      const registry = await startTinyRegistry({
        login: null,
        folder: emptyFolder,
        refusal: { status, code, message },
      });
      try {
        const ran = await failing(10, good, words, { Dockerfile: `FROM ${registry.image}\n${step}` });
        assert.match(ran.said, /Nothing was changed anywhere/);
      } finally {
        await registry.stop();
      }
    });
  }

  test('whose registry does not answer is not built either', async () => {
    await failing(10, good, /cannot reach that registry/, { Dockerfile: 'FROM 127.0.0.1:1/nobody:1\n' });
  });

  test('is not in the way of programs that listen in the network of its environment, until they have all ports', async () => {
    const gateway = (await engine.networks.list({ label: ['lotse.environment=production'] }))[0]?.IPAM.Config?.[0];
    const held: Server[] = [];
    const hold = async (first: number, last: number): Promise<void> => {
      for (let at = first; at <= last; at++) {
        const server = createServer().listen(at, gateway?.Gateway);
        await once(server, 'listening').then(
          () => held.push(server),
          () => undefined, // The proxy has it, or we do.
        );
      }
    };
    try {
      await hold(20_000, 20_003);
      await hold(20_500, 20_503);
      await deploy({ ...good, config: { TURN: 'beside others' } });
      await hold(20_000, 20_499);
      await failing(12, { ...good, config: { TURN: 'too late' } }, /no free port between 20000 and 20499 .*ss -ltnp/);
    } finally {
      for (const server of held) server.close();
    }
  });

  test('for want of disk is said by the build and before a rollout; what runs goes on, and starts again later', async () => {
    const kept = await lotse().client.release({ ...good, config: { TURN: 'kept' } }, { files });
    const filler = join(own.folder, 'data/filler');
    fillDisk(filler);
    try {
      const step = { Dockerfile: `${dockerfile}RUN node -e "fs.writeFileSync('/x', Buffer.alloc(64e6, 1))"\n` };
      await failing(23, good, /no space left for the build on the disk of Docker.*\n.*docker system df/, step);
      const refused = await lotse().client.refusedStart(kept.id);
      assert.equal(refused.code, 'not-proven');
      assert.match(
        refused.detail,
        new RegExp(`Disk is short: .* where ${own.folder}/data lies.* Free some space there`),
      );
      assert.equal((await visit(port)).status, 200);
    } finally {
      rmSync(filler);
    }
    await lotse().client.deploy(kept.id);
    assert.equal(await serving(), kept.id);
  });

  test('because its engine is away waits for it: what to do is said, and users notice nothing', async () => {
    const kept = await lotse().client.release({ ...good, config: { TURN: 'engine' } }, { files });
    await own.order('kill');
    await failing(
      20,
      { ...good, config: { TURN: 'no engine' } },
      /No Docker engine answers .*\n.*systemctl start docker/,
    );
    const refused = await lotse().client.refusedStart(kept.id);
    assert.match(refused.detail, /cannot be looked for: No Docker engine answers .* Start Docker on that machine/);
    const note = await until('its slot tells it', async () => {
      const { services } = await lotse().client.environment();
      return services[0]?.slots[0]?.note ?? null;
    });
    assert.match(note, /No Docker engine answers .* Start Docker/);
    await own.order('start');
    await lotse().client.deploy(kept.id);
    assert.equal(await serving(), kept.id);
  });
});
