import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import {
  journalCheck,
  type JournalCheckView,
  type JournalEventView,
} from '../../capabilities/releases/releases-api.ts';
import { LotseError } from '../../core/errors.ts';
import { ChangeFeed } from '../change-feed.ts';
import { connect, connectToApp, withApp, withConnection, withHelp, type AppOptions } from '../command-options.ts';
import { untilInterrupted, type Context } from '../context.ts';
import { ControlPlaneProcess } from '../control-plane-process.ts';
import { controlPlaneCalls, type ControlPlane } from '../control-plane.ts';
import { exitCodeOf, exitOk } from '../exit-codes.ts';
import { formatTime, type Output } from '../output.ts';
import { personNames } from '../person-names.ts';
import { findStateFolder } from '../state-folder.ts';
import { cutTo, harmless } from '../text-layout.ts';

interface ListOptions extends AppOptions {
  readonly environment?: string;
  readonly last: string;
  readonly follow?: true;
}

interface CheckOptions extends AppOptions {
  readonly offline?: true;
}

export function journalCommand(command: Command, context: Context): void {
  withHelp(
    command,
    [
      ['lotse journal', 'what happened last, and who did it'],
      ['lotse journal --environment production -f', 'and what happens from now on'],
      ['lotse journal check', 'nothing was changed, nothing is missing'],
      ['lotse journal check --offline --state /srv/lotse/.lotse', 'while no control plane runs'],
    ],
    {
      ok: 'shown; for check: every chain is whole',
      errors: ['unauthenticated', 'not-found', 'unreachable', 'journal-damaged'],
    },
  );
  describeList(command.command('list', { isDefault: true }).summary('what happened (may be left out)'), context);
  describeCheck(command.command('check').summary('check every chain from its first event to its last'), context);
}

function describeList(command: Command, context: Context): void {
  command
    .description('List what happened, the newest last.')
    .option('--environment <name>', 'only this environment')
    .option('--last <number>', 'how many', '50')
    .option('-f, --follow', 'go on with what happens from now on');
  withApp(command);
  command.action(async (options: ListOptions) => {
    const plane = await connectToApp(context, options);
    await untilInterrupted(context, (signal) => list(context.out, plane, options, signal));
    context.exitCode = exitOk;
  });
}

async function list(out: Output, plane: ControlPlane, options: ListOptions, signal: AbortSignal): Promise<void> {
  const where = options.environment === undefined ? {} : { environment: options.environment };
  const limit = Math.min(1000, Math.max(1, Number(options.last) || 50));
  const latest = await plane.journal({ ...where, limit, latest: 'true' });
  const events = latest.toSorted((a, b) => a.position - b.position);
  if (out.isJson && options.follow !== true) return out.json(events);
  const nameOf = await personNames(plane.client);
  for (const event of events) show(event, out, nameOf);
  if (options.follow !== true) return;
  let position = events.at(-1)?.position ?? 0;
  const feed = new ChangeFeed(plane, (change) => change.position > position);
  try {
    while (!signal.aborted) {
      await feed.next(signal);
      for (const event of await plane.journal({ ...where, after: position, limit: 1000 })) {
        show(event, out, nameOf);
        position = Math.max(position, event.position);
      }
    }
  } finally {
    await feed.close();
  }
}

function show(event: JournalEventView, out: Output, nameOf: (id: string) => string): void {
  if (out.isJson) return out.jsonLine(event);
  const reason = event.reason === null ? '' : `  “${harmless(event.reason)}”`;
  const tie = event.correlationId === null ? '' : out.paint(`  ${event.correlationId}`, 'dim');
  const chain = event.chain.split('/').at(-1) ?? event.chain;
  out.line(
    `${out.paint(formatTime(event.at), 'dim')}  ${chain.padEnd(12)}  ${out.paint(event.type.padEnd(18), 'cyan')}  ${harmless(nameOf(event.actor))}${tie}${reason}`,
  );
}

function describeCheck(command: Command, context: Context): void {
  command
    .description('Check every chain: no event was changed, taken out or cut off.')
    .option('--offline', 'look at the state folder itself; for when no control plane runs');
  withConnection(command);
  command.action(async (options: CheckOptions) => {
    const { out } = context;
    const check = options.offline === true ? await checkOffline(context, options) : await checkOnline(context, options);
    if (out.isJson) out.json(check);
    else showCheck(check, out);
    context.exitCode = check.ok ? exitOk : exitCodeOf('journal-damaged');
  });
}

/** Without a control plane that answers, the state folder is looked at, where there is one. */
async function checkOnline(context: Context, options: CheckOptions): Promise<JournalCheckView> {
  try {
    return await controlPlaneCalls.checkJournal(connect(context, options));
  } catch (thrown) {
    const isAway = thrown instanceof LotseError && thrown.code === 'unreachable';
    const isRemote = context.env.LOTSE_SERVER !== undefined && context.env.LOTSE_SERVER !== '';
    if (!isAway || isRemote || stateFolder(context, options) === null) throw thrown;
    context.out.note('No control plane answers; the state folder itself is checked.');
    return checkOffline(context, options);
  }
}

async function checkOffline(context: Context, options: CheckOptions): Promise<JournalCheckView> {
  const state = stateFolder(context, options);
  if (state === null || !existsSync(state)) {
    throw new LotseError('not-found', `There is no state folder ${state ?? `in ${context.cwd} or above it`}`, {
      hint: 'Name it: `lotse journal check --offline --state FOLDER`.',
    });
  }
  const checker = new ControlPlaneProcess({
    args: ['journal-check', '--state', state],
    cwd: context.cwd,
    output: 'inherit',
  });
  const answer = await checker.answer();
  if (answer.kind !== 'result') {
    checker.kill('SIGTERM');
    await checker.ended;
    throw new LotseError('not-built-yet', 'This control plane cannot check a journal offline');
  }
  await checker.ended;
  return journalCheck.parse(answer.value);
}

function stateFolder(context: Context, options: CheckOptions): string | null {
  return options.state === undefined ? findStateFolder(context.cwd) : resolve(context.cwd, options.state);
}

function showCheck(check: JournalCheckView, out: Output): void {
  out.table(
    ['chain', 'events', 'state'],
    check.chains.map((chain) => [
      chain.chain,
      `${chain.events}`,
      chain.problem === null ? out.paint('whole', 'green') : out.paint(cutTo(harmless(chain.problem), 90), 'red'),
    ]),
  );
  if (!check.ok) out.line(out.paint('The journal is damaged.', 'red', 'bold'));
  if (check.advice !== null) out.line(check.advice);
}
