import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { uuidv7 } from 'uuidv7';
import { chainOf, type Scope } from '../../src/core/ids.ts';
import { toLotseError } from '../../src/core/errors.ts';
import { openCheckpoints } from '../../src/database/checkpoints.ts';
import { handOnHeads } from '../../src/database/hand-on-heads.ts';
import { openJournal } from '../../src/database/journal.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import { takeOwnerLock } from '../../src/database/owner-lock.ts';
import { refuseDamage } from '../../src/database/refuse-damage.ts';
import { openSubscriptions } from '../../src/database/subscriptions.ts';
import { Engine } from '../../src/engine/engine.ts';
import { ProxyRouter } from '../../src/ports/traffic/proxy/proxy-router.ts';
import { ProxyControl } from '../../src/proxy/control-client.ts';
import { benchBindings } from './bench-bindings.ts';
import { scopesOf } from './fleet.ts';
import type { Answer, Question, ToBench, ToControlPlane } from './messages.ts';
import { MirroredTarget } from './mirrored-target.ts';

// One life of a control plane: everything of Lotse's own is real, from the journal on disk to the calls to the proxy;
// machines and proxy are the process that started it. It is killed without a word.

const { values: options } = parseArgs({
  options: { state: { type: 'string' }, 'front-port': { type: 'string' }, environments: { type: 'string' } },
});
const { state = '', 'front-port': frontPort = '', environments = '' } = options;
const now = Date.now;
/** How long the loop of an environment rests at most, in milliseconds. */
const longestRestMs = 1_000;
const scopes = scopesOf({ environments: Number(environments), servicesEach: 0 });
const target = new MirroredTarget((call, order) => say({ kind: 'order', call, order }));
const problems: string[] = [];
/** The environment whose loop is running. */
const current = new AsyncLocalStorage<Scope>();
/** Environments that have neither rested after their first look since the start, nor written what follows from it. */
const notTakenUp = new Set(scopes.map(chainOf));

function say(message: ToBench): void {
  // Nobody listens when the bench has ended.
  process.send?.(message, () => undefined);
}

async function open(): Promise<Engine> {
  const programMs = performance.now();
  const database = await openDatabase({ file: join(state, 'lotse.sqlite') });
  const lock = await takeOwnerLock(state, database);
  const journal = openJournal(database, { now, newId: uuidv7, newSalt: () => randomBytes(16).toString('hex') });
  const databaseMs = performance.now();
  const proxy = new ProxyControl(state, { keepsConnections: true });
  await refuseDamage(database, (await proxy.status()).journalHeads);
  const journalMs = performance.now();
  const noDoors = { tls: null, challenges: [], trustedProxies: [], accessLogPermille: 10 };
  const traffic = new ProxyRouter({
    ...{ proxy: () => Promise.resolve(proxy), fence: () => lock.fence, probeKey: 'ab'.repeat(32), now },
    doors: () => ({ frontPort: Number(frontPort), frontHost: '127.0.0.1', ...noDoors }),
  });
  const engine = new Engine({
    journal: { ...journal, append: (...call) => journal.append(...call).finally(isTakenUp) },
    ...{ lock, target: target.port, traffic, bindings: benchBindings(database) },
    checkpoints: openCheckpoints(database),
    signals: { read: () => Promise.resolve(null) },
    clock: { now, uptime: () => performance.now(), sleep: rest },
    log: ({ environment, during, error }) =>
      void problems.push(`${environment}, ${during}: ${toLotseError(error).message}`),
    atPoint: () => undefined,
  });
  await engine.open([]);
  for (const scope of scopes) await current.run(scope, () => engine.add(scope));
  const course = { programMs, databaseMs, journalMs, openMs: performance.now() };
  while (notTakenUp.size > 0) await sleep(5);
  say({ kind: 'taken-up', course: { ...course, takenUpMs: performance.now(), processorMs: processorMs() } });
  const subscriptions = openSubscriptions(database, journal, { now });
  await subscriptions.subscribe({ name: 'releases', from: 'start', handle: () => Promise.resolve() });
  handOnHeads(journal, async (heads) => await proxy.putJournalHeads(heads));
  return engine;
}

function isTakenUp(): void {
  const scope = notTakenUp.size > 0 ? current.getStore() : undefined;
  if (scope !== undefined) notTakenUp.delete(chainOf(scope));
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  // Other waits are for an answer, and may be longer.
  if (ms <= longestRestMs) isTakenUp();
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

async function answer(engine: Engine, question: Question): Promise<Answer> {
  if (question.kind === 'begin') await Promise.all(question.plans.map((plan) => engine.begin(plan)));
  if (question.kind === 'ends')
    while (question.scopes.some((scope) => engine.view(scope).rollout?.end === null)) await sleep(20);
  const asked = question.kind === 'standing' ? scopes : [];
  return {
    processorMs: processorMs(),
    memoryBytes: process.memoryUsage.rss(),
    problems,
    standing: Object.fromEntries(asked.map((scope) => [chainOf(scope), standingOf(engine, scope)])),
  };
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function standingOf(engine: Engine, scope: Scope): string {
  const { rollout } = engine.view(scope);
  if (rollout === null) return 'none';
  const { end, plan, index, stage, direction } = rollout;
  return end?.kind ?? `${plan.steps[index]?.id ?? 'over'} ${stage} ${direction}`;
}

let opening: Promise<Engine> | null = null;

async function hear(message: ToControlPlane): Promise<void> {
  if (message.kind === 'all-told') opening = open();
  else if (message.kind !== 'ask') target.hear(message);
  else if (opening !== null)
    say({ kind: 'answer', call: message.call, answer: await answer(await opening, message.question) });
}

// parsed: only the bench sends anything
process.on('message', (message) => void hear(message as ToControlPlane));
process.on('disconnect', () => process.exit(0));
say({ kind: 'hello' });
