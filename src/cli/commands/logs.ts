import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { LogLineView } from '../../capabilities/releases/releases-api.ts';
import { LotseError, toLotseError } from '../../core/errors.ts';
import { connectToApp, withApp, withHelp, type AppOptions } from '../command-options.ts';
import { untilInterrupted, type Context } from '../context.ts';
import type { ControlPlane, LogQuery } from '../control-plane.ts';
import { exitOk } from '../exit-codes.ts';
import { formatTime, type Output } from '../output.ts';
import type { Colour } from '../paint.ts';
import { harmless } from '../text-layout.ts';

interface LogsOptions extends AppOptions {
  readonly follow?: true;
  readonly last: string;
  readonly revision?: string;
  readonly job?: string;
}

export function logsCommand(command: Command, context: Context): void {
  command
    .argument('<environment>', 'whose services')
    .argument('[service]', 'only this one')
    .option('-f, --follow', 'go on with what is written from now on')
    .option('--last <number>', 'how many lines back, at most 10000', '100')
    .option('--revision <id>', 'only this revision, such as production-7')
    .option('--job <name>', 'a job instead: its last run by schedule, or the one with this key');
  withApp(command);
  withHelp(
    command,
    [
      ['lotse logs production', 'the last 100 lines of all services'],
      ['lotse logs production web -f', 'one service, as it writes'],
      ['lotse logs production --job tidy', 'what the last run of a scheduled job wrote'],
      ['lotse logs production --json', 'one JSON object a line'],
    ],
    { ok: 'shown', errors: ['bad-input', 'not-found', 'unreachable'] },
  );
  command.action(async (environment: string, service: string | undefined, options: LogsOptions) => {
    const last = Number(options.last);
    if (!Number.isInteger(last) || last < 0 || last > 10_000) {
      throw new LotseError('bad-input', `--last takes a whole number up to 10000, not ${options.last}`);
    }
    const plane = await connectToApp(context, options);
    const { revision, follow } = options;
    const job = options.job === undefined ? undefined : await keyOfRun(plane, environment, options.job);
    const query: LogQuery = {
      last,
      follow: follow === true ? 'true' : 'false',
      ...(service === undefined ? {} : { service }),
      ...(revision === undefined ? {} : { revision }),
      ...(job === undefined ? {} : { job }),
    };
    await untilInterrupted(context, (signal) => showLogs(context.out, plane, { environment, query, signal }));
    context.exitCode = exitOk;
  });
}

/** The key itself, or that of the last run of the job with this name. Errors: `not-found`. */
async function keyOfRun(plane: ControlPlane, environment: string, wanted: string): Promise<string> {
  if (wanted.includes('/')) return wanted;
  const job = (await plane.jobs(environment)).find((each) => each.job === wanted);
  const [last] = job?.runs ?? [];
  if (last !== undefined) return last.key;
  const problem = job === undefined ? `What serves in ${environment} has no job` : 'There is no run by schedule of';
  throw new LotseError('not-found', `${problem} ${JSON.stringify(wanted)}`, {
    hint: `\`lotse jobs ${environment}\` shows them; \`lotse run\` shows the key of a run by hand.`,
  });
}

interface Wanted {
  readonly environment: string;
  readonly query: LogQuery;
  readonly signal: AbortSignal;
}

async function showLogs(out: Output, plane: ControlPlane, { environment, query, signal }: Wanted): Promise<void> {
  const names = new Map<string, Colour>();
  let current = query;
  for (let failures = 0; !signal.aborted;) {
    try {
      for await (const line of plane.logs(environment, current, signal)) {
        failures = 0;
        if (out.isJson) out.jsonLine(line);
        else out.line(logLine(line, names, out));
      }
      return;
    } catch (thrown) {
      if (signal.aborted) return;
      const error = toLotseError(thrown);
      if (query.follow !== 'true' || !error.retriable || failures >= 20) throw error;
      if (failures === 0) out.warn(`${error.message}. Trying again; what is written meanwhile may be missing here.`);
      failures += 1;
      current = { ...query, last: 0 };
      await sleep(Math.min(250 * 2 ** failures, 5000));
    }
  }
}

const nameColours: readonly Colour[] = ['cyan', 'green', 'yellow', 'blue'];

function logLine(line: LogLineView, names: Map<string, Colour>, out: Output): string {
  const name = `${line.service}.${line.slot}`;
  const colour = names.get(line.service) ?? nameColours[names.size % nameColours.length] ?? 'cyan';
  names.set(line.service, colour);
  const text = harmless(line.text);
  const time = out.paint(formatTime(line.at).slice(11), 'dim');
  return `${time}  ${out.paint(name.padEnd(12), colour)}  ${line.stream === 'err' ? out.paint(text, 'yellow') : text}`;
}
