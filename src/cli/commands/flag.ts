import type { Command } from 'commander';
import type { FlagChange, FlagHistoryView } from '../../capabilities/flags/flags-api.ts';
import { LotseError } from '../../core/errors.ts';
import { parseDurationMs } from '../../core/quantities.ts';
import { connectToApp, withApp, withHelp, type AppOptions } from '../command-options.ts';
import type { Context } from '../context.ts';
import { flagCalls } from '../flag-calls.ts';
import { flagColumns, flagRow, historyLine, offWords, whoGetsWhat } from '../flag-lines.ts';
import { formatTime } from '../output.ts';
import { flagKeysCommand } from './flag-keys.ts';

interface ChangeOptions extends AppOptions {
  readonly reason?: string;
}

const errors = ['bad-input', 'unauthenticated', 'forbidden', 'not-found', 'unreachable'] as const;

export function flagCommand(command: Command, context: Context): void {
  withHelp(
    command,
    [
      ['lotse flag list production', 'what holds now'],
      ['lotse flag off new-menu production --reason "orders fail"', 'at once, whatever the release says'],
      ['lotse flag rollout new-menu production on=10%', 'a tenth of those whom no rule names'],
      ['lotse flag reset new-menu production', 'as the release says'],
      ['lotse flag keys create production checkout', 'for a service that asks by OFREP'],
    ],
    { ok: 'done', errors },
  );
  describeList(command.command('list').summary('list the flags of an environment'), context);
  describeShow(command.command('show').summary('show a flag, and what was said about it'), context);
  describeSwitch(command.command('on').summary('turn a flag on'), 'on', context);
  describeSwitch(command.command('off').summary('turn a flag off'), 'off', context);
  describeSet(command.command('set').summary('choose what those get whom no rule names'), context);
  describeRollout(command.command('rollout').summary('give a part of them a variant'), context);
  describeReset(command.command('reset').summary('go back to what the release says'), context);
  describeStale(command.command('stale').summary('list flags that nobody asks for'), context);
  flagKeysCommand(command.command('keys').summary('make, list and revoke keys that read flags'), context);
}

function describeList(command: Command, context: Context): void {
  command.description('List the flags of an environment, as they hold now.').argument('<environment>', 'where');
  withApp(command);
  command.action(async (environment: string, options: AppOptions) => {
    const found = await flagCalls(await connectToApp(context, options), environment).list();
    const { out } = context;
    if (out.isJson) return out.json(found);
    if (found.flags.length === 0) return out.line(`${environment} has no flags: they stand in flags.flagd.json.`);
    out.table(
      [...flagColumns],
      found.flags.map((flag) => [...flagRow(out, flag)]),
    );
  });
}

function describeShow(command: Command, context: Context): void {
  withFlag(command.description('Show a flag of an environment, and all that was said about it there.'));
  command.action(async (flag: string, environment: string, options: AppOptions) => {
    show(context, await flagCalls(await connectToApp(context, options), environment).show(flag));
  });
}

function describeSwitch(command: Command, switched: 'on' | 'off', context: Context): void {
  const what =
    switched === 'off'
      ? 'Turn a flag off, within milliseconds. It stays off, whatever releases come or are gone back to.'
      : 'Turn a flag on, also where the release has it disabled or out of its time.';
  withReason(withFlag(command.description(what)));
  command.action(async (flag: string, environment: string, options: ChangeOptions) => {
    await change(context, flag, environment, options, { switched });
  });
}

function describeSet(command: Command, context: Context): void {
  withFlag(command.description('Choose the variant of those whom no rule of the release names.'));
  withReason(command.argument('<variant>', 'as the flag has it'));
  command.action(async (flag: string, environment: string, variant: string, options: ChangeOptions) => {
    await change(context, flag, environment, options, { defaultVariant: variant });
  });
}

function describeRollout(command: Command, context: Context): void {
  withFlag(
    command.description(
      'Give a part of those whom no rule names a variant; the default variant gets the rest. Who had it keeps it when the part grows.',
    ),
  );
  withReason(command.argument('<share...>', '`variant=percent`, such as on=10%; `none` ends it'));
  command.action(async (flag: string, environment: string, shares: readonly string[], options: ChangeOptions) => {
    const percentages = shares.length === 1 && shares[0] === 'none' ? null : shares.map(parseShare);
    await change(context, flag, environment, options, { percentages });
  });
}

function parseShare(text: string): { variant: string; percent: number } {
  const [, variant = '', percent = ''] = /^(.+)=(\d{1,3}(?:\.\d{1,3})?)%?$/.exec(text) ?? [];
  if (variant !== '') return { variant, percent: Number(percent) };
  throw new LotseError('bad-input', `${JSON.stringify(text)} is no share`, { hint: 'Write it as `on=10%`.' });
}

function describeReset(command: Command, context: Context): void {
  withReason(
    withFlag(command.description('Forget what was said about a flag: it is again as the release defines it.')),
  );
  command.action(async (flag: string, environment: string, options: ChangeOptions) => {
    await flagCalls(await connectToApp(context, options), environment).reset(flag, options.reason);
    const { out } = context;
    if (out.isJson) return out.json({ flag, environment, reset: true });
    out.line(`${flag} is as the release defines it.`);
  });
}

function describeStale(command: Command, context: Context): void {
  command
    .description('List the flags that nobody has asked for by name for a time, and those that give everybody the same.')
    .argument('<environment>', 'where')
    .option('--for <duration>', 'how long', '30d');
  withApp(command);
  command.action(async (environment: string, options: AppOptions & { readonly for: string }) => {
    const found = await flagCalls(await connectToApp(context, options), environment).list();
    const before = Date.now() - parseDurationMs(options.for);
    const stale = found.flags.filter(({ usedAt }) => usedAt === null || usedAt < before);
    const { out } = context;
    if (out.isJson) return out.json({ environment, allUsedAt: found.allUsedAt, flags: stale });
    if (stale.length === 0) return out.line(`Each flag of ${environment} was asked for within ${options.for}.`);
    out.table(
      ['flag', 'last asked for', 'everybody gets the same'],
      stale.map((flag) => [
        flag.flag,
        flag.usedAt === null ? 'never' : formatTime(flag.usedAt),
        flag.hasRule || flag.live?.percentages != null ? 'no' : 'yes',
      ]),
    );
    if (found.allUsedAt === null) return;
    const when = `All flags together were asked for last at ${formatTime(found.allUsedAt)}: pages do so, and use what they need.`;
    out.note(out.paint(when, 'dim'));
  });
}

function withFlag(command: Command): Command {
  return withApp(command.argument('<flag>', 'as `lotse flag list` shows it').argument('<environment>', 'where'));
}

function withReason(command: Command): Command {
  return command.option('--reason <text>', 'for the journal');
}

async function change(
  context: Context,
  flag: string,
  environment: string,
  options: ChangeOptions,
  wanted: Omit<FlagChange, 'reason'>,
): Promise<void> {
  const calls = flagCalls(await connectToApp(context, options), environment);
  show(context, await calls.change(flag, { ...wanted, reason: options.reason ?? null }));
}

function show({ out }: Context, found: FlagHistoryView): void {
  if (out.isJson) return out.json(found);
  const { flag, versions } = found;
  out.line(`${flag.flag} is ${flag.isOn ? 'on' : `off: ${offWords(flag)}`}. Who gets what: ${whoGetsWhat(flag)}.`);
  out.line(`  variants ${flag.variants.join(', ')}; defined by ${flag.release}`);
  if (flag.guard.length > 0) out.line(`  guarded by ${flag.guard.join(', ')}: harm by a variant turns it off`);
  for (const note of flag.notes) out.line(out.paint(`  ${note}`, 'yellow'));
  for (const version of versions) out.line(out.paint(historyLine(version), 'dim'));
}
