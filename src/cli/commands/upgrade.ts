import { resolve } from 'node:path';
import type { Command } from 'commander';
import { LotseError } from '../../core/errors.ts';
import { formatElapsedMs, readDurationMs } from '../../core/quantities.ts';
import { connect, withConnection, withHelp, type ConnectionOptions } from '../command-options.ts';
import type { Context } from '../context.ts';
import { controlPlaneCalls } from '../control-plane.ts';
import { exitCodeOf, exitOk } from '../exit-codes.ts';
import { findStateFolder } from '../state-folder.ts';
import { beginUpgrade } from '../upgrade/begin-upgrade.ts';
import { carryOut } from '../upgrade/carry-out.ts';
import { holdUpgrades } from '../upgrade/hold-upgrades.ts';
import { nextMove } from '../upgrade/next-move.ts';
import { runningPlane } from '../upgrade/running-plane.ts';
import { readRecord, type UpgradeRecord } from '../upgrade/upgrade-record.ts';

interface UpgradeOptions extends ConnectionOptions {
  readonly to?: string;
  readonly back?: true;
  readonly settle?: true;
  readonly within: string;
}

export function upgradeCommand(command: Command, context: Context): void {
  command
    .option('--to <folder>', 'the version that lies there, or in a tarball (default: the one that this command is of)')
    .option('--back', 'the version before again; works until it is settled')
    .option('--settle', 'give up the way back, so that the new version may use all that it can')
    .option('--within <duration>', 'how long the new one may take to be well', '2m');
  withConnection(command);
  withHelp(
    command,
    [
      ['lotse upgrade --to ../lotse-0.2', 'to the version in that folder'],
      ['sudo /opt/lotse-0.2/bin/lotse.mjs upgrade', 'an installed one, to the version that this command is of'],
      ['sudo lotse upgrade --to /opt/lotse-0.2', 'the same of an installed one, asked of the version that runs'],
      ['sudo lotse upgrade --back', 'as it was; what happened meanwhile stays'],
      ['lotse upgrade --settle', 'after some days without regret'],
    ],
    {
      ok: 'it runs and is well, also when it ran before; for --settle: no earlier version can read the state',
      errors: [
        ...(['bad-input', 'forbidden', 'not-found', 'conflict', 'not-proven', 'returned', 'stranded'] as const),
        ...(['unreachable', 'disk-full', 'locked', 'journal-damaged', 'state-too-new', 'internal'] as const),
      ],
    },
  );
  command.action(async (options: UpgradeOptions) => {
    if (options.settle === true) await settle(context, options);
    else await upgrade(context, options);
  });
}

/** After this the version before refuses the state. */
async function settle(context: Context, options: UpgradeOptions): Promise<void> {
  if (options.to !== undefined || options.back === true)
    throw new LotseError('bad-input', '--settle is a step of its own: without --to and --back');
  const { out } = context;
  const { settled } = await controlPlaneCalls.settleUpgrade(connect(context, options));
  if (out.isJson) return out.json({ settled });
  if (settled.length === 0) return out.line('There was nothing to settle: both versions write the same.');
  out.line(`${out.paint(out.symbols.done, 'green')} Settled: ${settled.join(', ')}.`);
  out.line('No earlier version can read this state from now on.');
}

async function upgrade(context: Context, options: UpgradeOptions): Promise<void> {
  const { out, env } = context;
  const startedMs = performance.now();
  const withinMs = readDurationMs(options.within);
  if (withinMs === null)
    throw new LotseError('bad-input', `--within takes a duration, not ${JSON.stringify(options.within)}`);
  const state = stateOf(context, options.state);
  const { to, back } = options;
  const wished = { ...(to === undefined ? {} : { to }), ...(back === undefined ? {} : { back }) };
  const release = holdUpgrades(state);
  try {
    const left = readRecord(state);
    const move = nextMove(left, runningPlane(state)?.mainFile ?? null);
    if (left !== null && move !== 'begin') out.note('The upgrade before this one was interrupted; it goes on first.');
    const record =
      left === null || move === 'begin' ? await beginUpgrade({ ...wished, context, state, left, now: Date.now }) : left;
    if (record === null) return;
    const parts = { state, env, withinMs, now: Date.now, say: (text: string) => out.line(`  ${text}`) };
    const ended = await carryOut(record, move, parts);
    await report(context, { ...options, state }, ended, performance.now() - startedMs);
  } finally {
    release();
  }
}

async function report(
  context: Context,
  options: UpgradeOptions,
  { phase, from, to, cause }: UpgradeRecord,
  tookMs: number,
): Promise<void> {
  const { out } = context;
  const outcome = phase === 'upgraded' ? 'upgraded' : 'returned';
  const isBack = options.back === true;
  const result = { from: from.version, to: to.version, cause: cause?.slice(0, 2_000) ?? null };
  await controlPlaneCalls
    .recordUpgrade(connect(context, options), { ...result, outcome: isBack ? 'returned' : outcome })
    .catch(() => out.warn(`Lotse ${from.version} does not write this into its journal; upgrade/record.json has it.`));
  if (out.isJson) out.json({ outcome, ...result, tookMs: Math.round(tookMs) });
  context.exitCode = outcome === 'upgraded' ? exitOk : exitCodeOf('returned');
  if (outcome === 'returned') {
    if (out.isJson) return;
    throw new LotseError('returned', `Lotse ${from.version} runs again: ${to.version} was not well`, {
      hint: 'Nothing is lost: it went on with the same state. Repair the cause, then `lotse upgrade` again.',
      details: cause === null ? [] : [cause],
    });
  }
  const words = `${out.paint(`Lotse ${to.version} runs`, 'green', 'bold')} after ${formatElapsedMs(tookMs)}.`;
  out.line(
    isBack
      ? words
      : `${words} \`lotse upgrade --back\` leads to ${from.version} again, until \`lotse upgrade --settle\`.`,
  );
}

function stateOf({ cwd }: Context, named: string | undefined): string {
  const state = named === undefined ? findStateFolder(cwd) : resolve(cwd, named);
  if (state !== null) return state;
  throw new LotseError('not-found', `There is no state folder .lotse in ${cwd} or above it`, {
    hint: 'Name it: --state FOLDER. An upgrade is made on the machine that Lotse runs on.',
  });
}
