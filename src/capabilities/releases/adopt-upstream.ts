import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { LotseError } from '../../core/errors.ts';
import type { Actor } from '../../core/events.ts';
import { chainOf, type Scope } from '../../core/ids.ts';
import type { Address } from '../../core/routing-document.ts';
import { gateWeakenings } from '../../manifest/gate-weakenings.ts';
import { buildPlace, devEnvironment } from '../../manifest/names.ts';
import { strategyWeakenings } from '../../manifest/strategy-weakenings.ts';
import { releaseZero, upstreamUrl } from '../../rollout/release-zero.ts';
import { askUpstream } from './ask-upstream.ts';
import { acceptDefinition, findEnvironmentRow } from './environment-rows.ts';
import { acceptedDefinition } from './plan-rollout.ts';
import { readUpstream } from './read-upstream.ts';
import { refuseAdoptionElsewhere } from './refuse-moves.ts';
import { environmentOf, manifestOf, type DefinitionText } from './release-manifest.ts';
import { insertApp } from './release-rows.ts';
import type { ReleasesContext } from './releases-context.ts';

/** How long the public route may take to answer with what was adopted, in milliseconds. */
const answerMs = 15_000;
const answersInARow = 5;

export interface Adoption {
  readonly url: string;
  readonly reason: string | null;
  /** What lotse.yaml says; null: what is in force here already. */
  readonly text: DefinitionText | null;
}

/**
 * Records what serves today as release 0, and resolves when the public route answers with it. Harmless when repeated.
 * Errors: `bad-input`, `manifest-invalid`, `unreachable` when nothing answers there (nothing was recorded), `conflict`
 * once a release serves or while a rollout is under way, `timeout`.
 */
export async function adoptUpstream(
  context: ReleasesContext,
  scope: Scope,
  { url, reason, text }: Adoption,
  by: Actor,
  signal: AbortSignal,
): Promise<void> {
  if (scope.environment === buildPlace) {
    throw new LotseError('bad-input', `${buildPlace} is the place of the secrets of builds, and no environment`);
  }
  if (scope.environment === devEnvironment) {
    throw new LotseError('bad-input', `${devEnvironment} is the working tree, and is reached without names`);
  }
  const upstream = await findAnswering(context, readUpstream(url));
  if (text !== null) checkText(scope, text);
  else refuseAdoptionElsewhere(scope, (await acceptedDefinition(context, scope))?.definition ?? {});
  const isNew = (await findEnvironmentRow(context.database.db, scope)) === null;
  if (isNew && text === null) {
    throw new LotseError('not-found', `nothing is known of ${scope.environment} yet`, {
      hint: 'Adopt it from the folder whose lotse.yaml declares it.',
    });
  }
  if (isNew && text !== null) await accept(context, scope, text, by);
  await context.engine.add(scope);
  await context.engine.adopt(scope, upstream, by, reason);
  if (!isNew && text !== null) await acceptUnlessWeaker(context, scope, text, by);
  context.engine.wake(scope);
  await proveAnswering(context, scope, upstream, signal);
}

/** The first of these that answers. Errors: `unreachable`; `bad-input` for a port of the proxy itself. */
async function findAnswering(context: ReleasesContext, addresses: readonly [Address, ...Address[]]): Promise<Address> {
  const problems: string[] = [];
  for (const address of addresses) {
    await refuseOwn(context, address);
    const answer = await askUpstream(address);
    if (answer.kind === 'answered') return address;
    problems.push(`${upstreamUrl(address)}: ${answer.why}`);
  }
  throw new LotseError('unreachable', `Nothing can be adopted: ${problems.join('; ')}`, {
    hint: 'The control plane asks from its own machine. Start what serves today, or name the port that it listens on.',
  });
}

/** The proxy would send requests to itself, again and again. */
async function refuseOwn({ frontPort, database }: ReleasesContext, { host, port }: Address): Promise<void> {
  const own = Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []);
  if (!host.startsWith('127.') && !own.includes(host)) return;
  const given = await database.db.selectFrom('ports').select('port').where('port', '=', port).executeTakeFirst();
  if (port !== frontPort && given === undefined) return;
  throw new LotseError('bad-input', `port ${port} is one of Lotse's own proxy, so requests would run in a circle`, {
    hint: 'Name the port on which the app itself answers today.',
  });
}

/** Errors: `bad-input`, `manifest-invalid`, `not-found` for an environment that it does not declare. */
function checkText({ app, environment }: Scope, text: DefinitionText): void {
  const manifest = manifestOf(text);
  if (manifest.app !== app) throw new LotseError('bad-input', `lotse.yaml describes ${manifest.app}, not ${app}`);
  refuseAdoptionElsewhere({ app, environment }, environmentOf(text, environment));
}

async function accept(context: ReleasesContext, scope: Scope, text: DefinitionText, by: Actor): Promise<void> {
  const { release } = releaseZero;
  const payload = { environment: scope.environment, release };
  const draft = { type: 'definition-accepted', version: 1, actor: by, reason: null, correlationId: release, payload };
  await context.journal.appendWith(chainOf(scope), context.lock.fence, [draft], async (trx) => {
    await insertApp(trx, scope.app, context.now());
    await acceptDefinition(trx, scope, release, by, context.now(), text);
  });
}

/** A change that weakens a gate must pass that gate first, and here is none: then what is in force stays. */
async function acceptUnlessWeaker(context: ReleasesContext, scope: Scope, text: DefinitionText, by: Actor) {
  const accepted = await acceptedDefinition(context, scope);
  if (accepted === null || accepted.text.manifestText === text.manifestText) return;
  const coming = environmentOf(text, scope.environment);
  const { definition } = accepted;
  const weakenings = [
    ...gateWeakenings(definition, coming),
    ...strategyWeakenings(definition.strategy, coming.strategy),
  ];
  if (weakenings.length === 0) await accept(context, scope, text, by);
}

/** Errors: `timeout`. */
async function proveAnswering(context: ReleasesContext, scope: Scope, upstream: Address, signal: AbortSignal) {
  const deadline = context.now() + answerMs;
  const question = { ...scope, revision: releaseZero.revision, times: answersInARow, bucket: 0 };
  for (;;) {
    const { inARow, problem } = await context.traffic.prove(question, signal);
    if (inARow >= answersInARow) return;
    if (context.now() > deadline || signal.aborted) {
      const url = upstreamUrl(upstream);
      throw new LotseError(
        'timeout',
        `${url} is adopted, and ${scope.environment} does not answer with it: ${problem}`,
        {
          hint: `\`lotse status ${scope.environment}\` says what users get; to adopt it again does no harm.`,
          retriable: true,
        },
      );
    }
    await sleep(50);
  }
}
