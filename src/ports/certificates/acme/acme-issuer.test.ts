import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { freePorts } from '../../../proxy/fixtures/running-proxy.ts';
import { issuerContract } from '../certificates.contract.ts';
import { CertificateRefused, type AccountBook, type AuthorityAccount } from '../certificates.ts';
import { startPebble, type PebbleOptions, type RunningPebble } from '../fixtures/running-pebble.ts';
import { lacks } from '../fixtures/running-program.ts';
import { acmeIssuer } from './acme-issuer.ts';
import { retryAfterMs } from './acme-transport.ts';
import { ChallengeBoard } from './challenge-board.ts';
import { nameLookup } from './name-lookup.ts';

const skip = lacks('pebble', 'pebble-challtestsrv');
const names = ['shop.example', 'www.shop.example'];

function accountBook(): AccountBook & { readonly accounts: Map<string, AuthorityAccount> } {
  const accounts = new Map<string, AuthorityAccount>();
  return {
    accounts,
    find: (directory) => Promise.resolve(accounts.get(directory) ?? null),
    async keep(directory, account) {
      accounts.set(directory, account);
    },
  };
}

function issuerFor(pebble: RunningPebble, board: ChallengeBoard, accounts = accountBook()) {
  const { directory, ownRoot } = pebble;
  return acmeIssuer({ directory, email: 'team@shop.example', extraRoots: [ownRoot], accounts, proof: board });
}

/** Pebble, and a web server in the place of the proxy that answers what the board says. */
async function start(options: PebbleOptions = {}) {
  const pebble = await startPebble(options);
  const lookup = nameLookup(pebble.dnsServer);
  let published = 0;
  const publish = async () => void (published += 1);
  const board = new ChallengeBoard({ publish, lookup, port: pebble.httpPort });
  const web = createServer((request, response) => {
    const known = board.challenges().find(({ token }) => request.url?.endsWith(`/${token}`));
    response.statusCode = known === undefined ? 404 : 200;
    response.end(known?.keyAuthorization ?? 'nothing here');
  }).listen(pebble.httpPort, '127.0.0.1');
  await once(web, 'listening');
  const brokenBoard = new ChallengeBoard({ publish, lookup: nameLookup('127.0.0.1:9'), port: pebble.httpPort });
  return {
    ...{ pebble, board, names, root: pebble.issuingRoot, issuer: issuerFor(pebble, board) },
    broken: { issuer: issuerFor(pebble, brokenBoard), reason: /shop\.example leads nowhere: the DNS has no address/ },
    published: () => published,
    async [Symbol.asyncDispose]() {
      web.close();
      await pebble[Symbol.asyncDispose]();
    },
  };
}

issuerContract('ACME', start, skip);

test('an authority that refuses nonces now and then still issues', { skip, timeout: 180_000 }, async () => {
  await using world = await start({ badNonces: 15 });
  let orders = 0;
  // Each request has a nonce of its own; only a repeated one comes without.
  const count = (words: string) => world.pebble.said().split(words).length;
  for (const isRefused = () => count(' POST /') > count(' HEAD /nonce'); !isRefused() || orders === 0; orders += 1) {
    assert.ok(orders < 20, 'pebble refused no nonce');
    const issued = await world.issuer.issue([`shop-${orders}.example`], AbortSignal.timeout(120_000));
    assert.match(issued.chainPem, /BEGIN CERTIFICATE/);
  }
});

test(
  'what was shown is taken away again, and the account is the same at the next order',
  { skip, timeout: 180_000 },
  async () => {
    await using world = await start();
    const accounts = accountBook();
    const issuer = issuerFor(world.pebble, world.board, accounts);
    await issuer.issue(['a.example'], AbortSignal.timeout(120_000));
    assert.deepEqual(world.board.challenges(), []);
    assert.equal(world.published(), 2);
    const first = accounts.accounts.get(world.pebble.directory)?.url;
    assert.ok(first);
    await issuer.issue(['b.example'], AbortSignal.timeout(120_000));
    assert.equal(accounts.accounts.get(world.pebble.directory)?.url, first);
  },
);

test('an account that the authority has forgotten is made anew', { skip, timeout: 180_000 }, async () => {
  await using world = await start();
  const accounts = accountBook();
  const issuer = issuerFor(world.pebble, world.board, accounts);
  await issuer.issue(['a.example'], AbortSignal.timeout(120_000));
  const { keyPem, url } = accounts.accounts.get(world.pebble.directory) ?? {};
  assert.ok(keyPem !== undefined && url !== undefined && url !== null);
  await accounts.keep(world.pebble.directory, { keyPem, url: `${url}0` });
  await issuer.issue(['b.example'], AbortSignal.timeout(120_000));
  assert.equal(accounts.accounts.get(world.pebble.directory)?.url, url);
});

test(
  'a name that leads to somebody else is found before the authority is asked',
  { skip, timeout: 180_000 },
  async () => {
    await using world = await start();
    const { pebble } = world;
    const elsewhere = new ChallengeBoard({
      publish: async () => undefined,
      lookup: nameLookup(pebble.dnsServer),
      port: pebble.httpPort,
    });
    await assert.rejects(
      issuerFor(pebble, elsewhere).issue(['shop.example'], AbortSignal.timeout(120_000)),
      (error) => {
        assert.ok(error instanceof CertificateRefused);
        assert.match(
          error.message,
          /shop\.example leads to 127\.0\.0\.1, and that is not this Lotse: http:.* was answered with 404/,
        );
        assert.match(error.hint ?? '', /front port/);
        assert.equal(error.isOwnFinding, true);
        return true;
      },
    );
  },
);

test('what the authority cannot see is said in its words', { skip, timeout: 180_000 }, async () => {
  const [closed = 0] = await freePorts(1);
  await using pebble = await startPebble({ httpPort: closed });
  const publish = async () => undefined;
  const board = new ChallengeBoard({ publish, lookup: nameLookup(pebble.dnsServer), port: closed });
  await assert.rejects(issuerFor(pebble, board).issue(['shop.example'], AbortSignal.timeout(120_000)), {
    name: 'CertificateRefused',
    message: /could not see that shop\.example is ours: .*refused/i,
    hint: /Port 80 of shop\.example has to lead to Lotse/,
    isOwnFinding: false,
  });
});

test('a name that the authority refuses is named with its reason', { skip, timeout: 180_000 }, async () => {
  await using world = await start();
  await assert.rejects(world.issuer.issue(['blocked-domain.example.'], AbortSignal.timeout(120_000)), {
    name: 'CertificateRefused',
    message: /^localhost:\d+ refused a certificate for blocked-domain\.example\.: /,
  });
});

test(
  'an authority that is not there, and one that asks for patience, are told apart',
  { timeout: 180_000 },
  async () => {
    const [nobody = 0] = await freePorts(1);
    const web = createServer((_request, response) => {
      response.writeHead(429, { 'retry-after': '7200', 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ detail: 'too many certificates already issued' }));
    }).listen(0, '127.0.0.1');
    await once(web, 'listening');
    const address = web.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const board = new ChallengeBoard({ publish: async () => undefined, lookup: nameLookup(null), port: 80 });
    const issuerAt = (at: number) =>
      acmeIssuer({
        directory: `http://127.0.0.1:${at}/dir`,
        email: 'a@b',
        extraRoots: [],
        accounts: accountBook(),
        proof: board,
      });
    try {
      await assert.rejects(issuerAt(nobody).issue(['shop.example'], AbortSignal.timeout(120_000)), {
        code: 'unreachable',
        message: /cannot be asked: .*ECONNREFUSED/,
        retryAfterMs: null,
        isOwnFinding: true,
      });
      await assert.rejects(issuerAt(port).issue(['shop.example'], AbortSignal.timeout(120_000)), {
        message: /asks for patience \(429\): too many certificates already issued/,
        retryAfterMs: 7_200_000,
        isOwnFinding: false,
      });
    } finally {
      web.close();
    }
  },
);

test('an order that is broken off ends at once', { skip, timeout: 180_000 }, async () => {
  await using world = await start();
  const ending = new AbortController();
  const stuck = new ChallengeBoard({
    publish: () => new Promise(() => ending.abort()),
    lookup: nameLookup(world.pebble.dnsServer),
    port: world.pebble.httpPort,
  });
  await assert.rejects(issuerFor(world.pebble, stuck).issue(['shop.example'], ending.signal), {
    code: 'timeout',
    message: /broken off/,
  });
});

test('Retry-After is seconds or a date', () => {
  const now = Date.parse('2026-11-22T12:00:00Z');
  assert.equal(retryAfterMs('120', now), 120_000);
  assert.equal(retryAfterMs('Sun, 22 Nov 2026 12:01:00 GMT', now), 60_000);
  assert.equal(retryAfterMs('Sun, 22 Nov 2026 11:00:00 GMT', now), 0);
  assert.equal(retryAfterMs('soon', now), null);
  assert.equal(retryAfterMs(undefined, now), null);
});
