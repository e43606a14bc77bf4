import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemActor } from '../../core/events.ts';
import type { RoutedCertificate } from '../../core/routing-document.ts';
import { Secret } from '../../core/secret.ts';
import { hasSealedValues } from '../../database/has-sealed-values.ts';
import { temporaryDatabase, type TemporaryDatabase } from '../../database/temporary-database.ts';
import type { CertificateSource } from '../../manifest/app-manifest.ts';
import {
  CertificateRefused,
  type CertificateIssuer,
  type CertificateSources,
} from '../../ports/certificates/certificates.ts';
import { keptLocalRoot } from '../../ports/certificates/local/local-authority.ts';
import { localIssuer } from '../../ports/certificates/local/local-issuer.ts';
import { VaultSealer } from '../../ports/secrets/vault/vault-sealer.ts';
import { CertificateBook } from './certificate-book.ts';
import { CertificateKeeper } from './certificate-keeper.ts';
import { accountRows } from './certificate-rows.ts';
import type { SecuredEnvironment } from './certificates.ts';
import { sealPlainKeys } from './sealed-keys.ts';

const day = 86_400_000;
const automatic = { kind: 'automatic', wildcard: false, dns: null } as const;

function production(domains: readonly string[], source: CertificateSource = automatic): SecuredEnvironment {
  return { app: 'shop', environment: 'production', domains, tls: { source, redirects: true, hstsMs: null } };
}

/** A keeper on a real database whose clock stands still until it is moved; its authority is the development CA. */
class World {
  now = Date.UTC(2026, 10, 22);
  environments: readonly SecuredEnvironment[] = [production(['shop.example'])];
  /** What the authority answers instead of a certificate. */
  refusal: CertificateRefused | null = null;
  hasTerms = true;
  orders = 0;
  published = 0;
  shown: readonly RoutedCertificate[] = [];
  readonly #stored: TemporaryDatabase;
  readonly logged: object[] = [];

  constructor(stored: TemporaryDatabase) {
    this.#stored = stored;
  }

  get keyFile() {
    return join(this.#stored.folder, 'vault.key');
  }

  /** As after a start: the key is read anew. */
  get sealer() {
    return new VaultSealer(this.keyFile, () => hasSealedValues(this.database.db));
  }

  get file() {
    return this.#stored.file;
  }

  get journal() {
    return this.#stored.journal;
  }

  get database() {
    return this.#stored.database;
  }

  async keeper(tlsPort: number | null = 443): Promise<CertificateKeeper> {
    const now = () => this.now;
    const { database, journal } = this.#stored;
    const book = await CertificateBook.open({
      ...{ database, journal, fence: () => 1, now, random: () => 0, sealer: this.sealer },
      shown: () => Promise.resolve(this.shown),
    });
    const keeper = new CertificateKeeper({
      ...{ book, tlsPort, now, sources: this.#sources(now) },
      environments: () => Promise.resolve(this.environments),
      publish: async () => void (this.published += 1),
      log: (about) => void this.logged.push(about),
    });
    await keeper.open();
    return keeper;
  }

  #sources(now: () => number): CertificateSources {
    const localRoot = () => keptLocalRoot(join(this.#stored.folder, 'ca'), now);
    const local = localIssuer(localRoot, now);
    const authority: CertificateIssuer = {
      kind: 'acme',
      issue: async (names, signal) => {
        this.orders += 1;
        if (this.refusal !== null) throw this.refusal;
        return await local.issue(names, signal);
      },
    };
    const issuer: CertificateSources['issuer'] = ({ kind }) =>
      kind === 'local' ? local : this.hasTerms ? authority : null;
    return { issuer, localRoot, challenges: () => [] };
  }

  async events(): Promise<readonly string[]> {
    return (await this.journal.read('shop/production', { after: 0, limit: 100, correlationId: null })).map(
      (event) => event.type,
    );
  }
}

async function look(keeper: CertificateKeeper): Promise<void> {
  await keeper.look();
  await keeper.settled();
}

async function start(t: TestContext): Promise<World> {
  return new World(await temporaryDatabase(t));
}

test('a certificate is asked for, shown, and renewed at two thirds of its life', async (t) => {
  const world = await start(t);
  const keeper = await world.keeper();
  assert.equal(keeper.frontDoors().tls, null, 'there is nothing to show yet');
  await look(keeper);
  const first = keeper.frontDoors().tls?.certificates[0];
  assert.deepEqual(first?.names, ['shop.example']);
  world.now += 59 * day;
  await look(keeper);
  assert.equal(world.orders, 1);
  world.now += 2 * day;
  await look(keeper);
  assert.equal(world.orders, 2);
  assert.notEqual(keeper.frontDoors().tls?.certificates[0]?.chainPem, first?.chainPem);
  assert.deepEqual(await world.events(), ['certificate-issued', 'certificate-renewed']);
  assert.ok(world.published >= 2);
});

test('a failed renewal warns, serves the old certificate on, and is tried again later and later', async (t) => {
  const world = await start(t);
  const keeper = await world.keeper();
  await look(keeper);
  const before = keeper.frontDoors().tls?.certificates[0];
  world.now += 61 * day;
  world.refusal = new CertificateRefused('conflict', 'The authority is closed.', { hint: 'Wait.' });
  const waits: number[] = [];
  for (let tries = 0; tries < 12; tries += 1) {
    await look(keeper);
    await look(keeper); // before its time nothing is asked
    const next = keeper.certificates()[0]?.record?.nextTryAt ?? 0;
    waits.push(next - world.now);
    world.now = next;
  }
  assert.equal(world.orders, 13);
  assert.ok(waits.every((wait, index) => index === 0 || wait >= (waits[index - 1] ?? 0)));
  assert.ok(Math.max(...waits) <= 12 * 3_600_000);
  assert.deepEqual(keeper.frontDoors().tls?.certificates[0], before);
  assert.deepEqual(await world.events(), ['certificate-issued', 'certificate-failed'], 'the journal hears it once');
  assert.equal(world.logged.length, 12);
  assert.equal(keeper.certificates()[0]?.record?.hint, 'Wait.');
  world.refusal = null;
  await look(keeper);
  assert.equal(keeper.certificates()[0]?.record?.problem, null);
  assert.deepEqual((await world.events()).at(-1), 'certificate-renewed');
});

test('an authority that asks for patience gets it', async (t) => {
  const world = await start(t);
  world.refusal = new CertificateRefused('unreachable', 'Too many.', { retryAfterMs: 3 * day });
  const keeper = await world.keeper();
  await look(keeper);
  assert.equal(keeper.certificates()[0]?.record?.nextTryAt, world.now + 3 * day);
});

test('after a restart the same is shown, and what failed is not asked again before its time', async (t) => {
  const world = await start(t);
  world.environments = [production(['shop.example', 'www.shop.example'])];
  const first = await world.keeper();
  await look(first);
  const shown = first.frontDoors();
  world.now += 61 * day;
  world.refusal = new CertificateRefused('conflict', 'The authority is closed.');
  await look(first);
  await first.close();
  const orders = world.orders;
  const second = await world.keeper();
  assert.deepEqual(second.frontDoors(), shown);
  await look(second);
  assert.equal(world.orders, orders);
  world.now += 60_000;
  await look(second);
  assert.ok(world.orders > orders);
});

test('a definition that says something else is followed at once, and the old certificate is shown until then', async (t) => {
  const world = await start(t);
  const keeper = await world.keeper();
  await look(keeper);
  const before = keeper.frontDoors().tls?.certificates[0];
  world.refusal = new CertificateRefused('conflict', 'No wildcards.');
  const dns = { kind: 'script', argv: ['/etc/lotse/dns'] } as const;
  world.environments = [production(['shop.example'], { kind: 'automatic', wildcard: true, dns })];
  await look(keeper);
  assert.deepEqual(keeper.frontDoors().tls?.certificates[0], before);
  assert.equal(keeper.certificates()[0]?.record?.problem, 'No wildcards.');
  world.environments = [production(['shop.example'], { kind: 'local' })];
  await look(keeper);
  assert.deepEqual(keeper.frontDoors().tls?.certificates[0]?.names, ['shop.example', '*.shop.example']);
  world.environments = [production(['shop.example'], { kind: 'off' })];
  await look(keeper);
  assert.equal(keeper.frontDoors().tls, null);
});

test('only names of accepted environments are asked for, and without TLS none', async (t) => {
  const world = await start(t);
  const off = await world.keeper(null);
  await look(off);
  assert.equal(world.orders, 0);
  world.environments = [];
  const keeper = await world.keeper();
  await look(keeper);
  assert.equal(world.orders, 0);
  assert.throws(() => keeper.find('shop.example'), { code: 'not-found', hint: /none at all/ });
});

test('without agreed terms the message says how to agree', async (t) => {
  const world = await start(t);
  world.hasTerms = false;
  const keeper = await world.keeper();
  await look(keeper);
  const record = keeper.certificates()[0]?.record;
  assert.match(record?.problem ?? '', /Nobody has agreed to the terms/);
  assert.match(record?.hint ?? '', /--acme-email/);
});

test('an environment is sent to TLS once each of its domains has a certificate, and never before', async (t) => {
  const world = await start(t);
  const environment = production(['shop.example', 'www.shop.example', 'shop.localhost']);
  world.environments = [environment];
  world.refusal = new CertificateRefused('conflict', 'Closed.');
  const keeper = await world.keeper();
  await look(keeper);
  assert.deepEqual(keeper.door(environment), { tlsPort: null, https: null, previewDomains: ['shop.localhost'] });
  world.refusal = null;
  world.now += 60_000;
  await look(keeper);
  await look(keeper);
  assert.deepEqual(keeper.door(environment), { tlsPort: 443, https: { hstsS: 0 }, previewDomains: ['shop.localhost'] });
  const plain = { ...environment, tls: { ...environment.tls, redirects: false } };
  assert.equal(keeper.door(plain).https, null);
  assert.equal(keeper.door(plain).tlsPort, 443);
});

test('no key is in the journal, and keys of accounts come back from the database', async (t) => {
  const world = await start(t);
  const keeper = await world.keeper();
  await look(keeper);
  const written = JSON.stringify(
    await world.journal.read('shop/production', { after: 0, limit: 100, correlationId: null }),
  );
  assert.match(written, /"fingerprint":"[0-9a-f]{64}"/);
  assert.ok(!written.includes('PRIVATE KEY') && !written.includes('***'));
  const accounts = accountRows(world.database, world.sealer);
  const keyPem = new Secret('a key');
  await accounts.keep('https://a', { keyPem, url: null });
  await accounts.keep('https://a', { keyPem, url: 'https://a/1' });
  const kept = await accounts.find('https://a');
  assert.deepEqual([kept?.keyPem.reveal(), kept?.url], ['a key', 'https://a/1']);
  assert.equal(await accounts.find('https://b'), null);
});

test('a person who asks for a renewal is named in the journal', async (t) => {
  const world = await start(t);
  const keeper = await world.keeper();
  await look(keeper);
  keeper.renew(keeper.find('shop.example'), { kind: 'person', id: 'ann' });
  await keeper.settled();
  const events = await world.journal.read('shop/production', { after: 0, limit: 100, correlationId: null });
  assert.deepEqual(
    events.map(({ actor }) => actor.id),
    [systemActor.id, 'ann'],
  );
});

test('what nobody wants any more is forgotten when it has ended', async (t) => {
  const world = await start(t);
  const keeper = await world.keeper();
  await look(keeper);
  world.environments = [];
  await look(keeper);
  assert.equal((await world.database.db.selectFrom('certificates').selectAll().execute()).length, 1);
  world.now += 91 * day;
  await look(keeper);
  assert.equal((await world.database.db.selectFrom('certificates').selectAll().execute()).length, 0);
});

/** Where a key is to be read in the file of the database or in its log, by a line from its middle. */
function filesWith(world: World, keyPem: string): readonly string[] {
  const line = keyPem.split('\n')[1] ?? '';
  assert.ok(line.length > 40);
  return [world.file, `${world.file}-wal`].filter((file) => existsSync(file) && readFileSync(file).includes(line));
}

async function storedKey(world: World): Promise<string | null | undefined> {
  return (await world.database.db.selectFrom('certificates').select('key_pem').executeTakeFirst())?.key_pem;
}

test('a key is nowhere in the database and its log, and one that was written down before is sealed at a start', async (t) => {
  const world = await start(t);
  const keeper = await world.keeper();
  await look(keeper);
  const keyPem = keeper.frontDoors().tls?.certificates[0]?.keyPem ?? '';
  assert.match(keyPem, /PRIVATE KEY/);
  assert.deepEqual(filesWith(world, keyPem), []);
  await world.database.db.updateTable('certificates').set({ key_pem: keyPem }).execute();
  const account = { directory: 'https://a', key_pem: keyPem, url: null };
  await world.database.db.insertInto('acme_accounts').values(account).execute();
  assert.ok(filesWith(world, keyPem).length > 0, 'it would be found');
  world.database.sqlite.cutLog();
  assert.deepEqual(filesWith(world, keyPem), [world.file]);
  await sealPlainKeys(world.database, world.sealer);
  assert.deepEqual(filesWith(world, keyPem), []);
  assert.equal((await world.keeper()).frontDoors().tls?.certificates[0]?.keyPem, keyPem);
  assert.equal((await accountRows(world.database, world.sealer).find('https://a'))?.keyPem.reveal(), keyPem);
  const sealed = await storedKey(world);
  await sealPlainKeys(world.database, world.sealer);
  assert.equal(await storedKey(world), sealed, 'a second time changes nothing');
});

test('without the key of the vault the proxy shows what it has, nothing is ordered, and all is well when it is back', async (t) => {
  const world = await start(t);
  const first = await world.keeper();
  await look(first);
  const { certificates } = first.frontDoors().tls ?? { certificates: [] };
  const sealed = await storedKey(world);
  renameSync(world.keyFile, `${world.keyFile}.away`);
  world.shown = certificates;
  const second = await world.keeper();
  await look(second);
  assert.deepEqual(second.frontDoors().tls?.certificates, certificates);
  assert.match(second.certificates()[0]?.record?.problem ?? '', /cannot be opened: the key of the vault is gone/);
  assert.match(JSON.stringify(world.logged), /the key of the vault is gone/);
  world.shown = [];
  const third = await world.keeper();
  await look(third);
  world.now += 80 * day;
  await look(third);
  world.environments = [];
  await look(third);
  assert.equal(third.frontDoors().tls, null, 'the proxy had lost it too');
  assert.equal(world.orders, 1);
  assert.equal(await storedKey(world), sealed, 'it is not thrown away');
  assert.ok(!existsSync(world.keyFile), 'no other key is made');
  world.now -= 80 * day;
  world.environments = [production(['shop.example'])];
  renameSync(`${world.keyFile}.away`, world.keyFile);
  const fourth = await world.keeper();
  await look(fourth);
  assert.deepEqual(fourth.frontDoors().tls?.certificates, certificates);
  assert.equal(fourth.certificates()[0]?.record?.problem, null);
  assert.equal(world.orders, 1);
});

test('without the key of the vault no other name is ordered either, and the development CA goes on', async (t) => {
  const world = await start(t);
  await look(await world.keeper());
  renameSync(world.keyFile, `${world.keyFile}.away`);
  world.environments = [production(['shop.example', 'www.shop.example', 'shop.localhost'])];
  const keeper = await world.keeper();
  await look(keeper);
  const [, www, local] = keeper.certificates();
  assert.match(www?.record?.problem ?? '', /could not be kept: the key of the vault is gone/);
  assert.equal(world.orders, 1);
  assert.deepEqual(
    keeper.frontDoors().tls?.certificates.map(({ names }) => names[0]),
    ['shop.localhost'],
  );
  const localKey = local?.record?.held?.keyPem.reveal() ?? '';
  assert.match(localKey, /PRIVATE KEY/);
  assert.deepEqual(filesWith(world, localKey), [], 'what cannot be sealed is not written down');
});

test('under another key nothing is ordered until a person asks for it, which replaces what cannot be opened', async (t) => {
  const world = await start(t);
  await look(await world.keeper());
  renameSync(world.keyFile, `${world.keyFile}.away`);
  await writeFile(world.keyFile, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
  const keeper = await world.keeper();
  await look(keeper);
  assert.match(keeper.certificates()[0]?.record?.problem ?? '', /was sealed by the key [0-9a-f]{16}/);
  assert.equal(world.orders, 1);
  keeper.renew(keeper.find('shop.example'), { kind: 'person', id: 'ann' });
  await keeper.settled();
  assert.equal(world.orders, 2);
  assert.equal(keeper.certificates()[0]?.record?.problem, null);
  const next = await world.keeper();
  assert.deepEqual(next.frontDoors(), keeper.frontDoors());
});
