import type { Command } from 'commander';
import { LotseError } from '../../core/errors.ts';
import { readDurationMs } from '../../core/quantities.ts';
import type { PreviewView } from '../../capabilities/releases/releases-api.ts';
import { connectToApp, knownEnvironment, withApp, withHelp, type AppOptions } from '../command-options.ts';
import type { Context } from '../context.ts';
import { formatTime, type Output } from '../output.ts';

interface PreviewOptions extends AppOptions {
  readonly for: string;
}

export function previewCommand(command: Command, context: Context): void {
  command
    .argument('<environment>', 'where it runs')
    .argument('[release]', 'which one; left out: the newest that runs there')
    .option('--for <duration>', 'how long the signed header holds, at most 7d', '1h');
  withApp(command);
  withHelp(
    command,
    [
      ['lotse preview production', 'the release that waits for its gates, or serves'],
      ['lotse preview production r7-a1b2c3d --for 2d', 'that one, for two days'],
    ],
    { ok: 'shown', errors: ['bad-input', 'unauthenticated', 'forbidden', 'not-found', 'conflict', 'unreachable'] },
  );
  command.action(async (environment: string, release: string | undefined, options: PreviewOptions) => {
    const forMs = durationOf(options.for);
    const plane = await connectToApp(context, options);
    await knownEnvironment(plane, environment);
    const preview = await plane.preview(environment, { forMs, ...(release === undefined ? {} : { release }) });
    const { out } = context;
    if (out.isJson) out.json(preview);
    else show(preview, environment, out);
  });
}

function durationOf(text: string): number {
  const durationMs = readDurationMs(text);
  if (durationMs !== null && durationMs > 0) return durationMs;
  throw new LotseError('bad-input', `--for ${text} is no duration`, { hint: 'Write one such as 30m, 1h or 2d.' });
}

function show(preview: PreviewView, environment: string, out: Output): void {
  const { release, named, url, header, value } = preview;
  out.line(`${out.paint(release, 'bold')} in ${environment}`);
  out.line();
  if (!preview.runs) {
    out.line(
      `${out.paint(out.symbols.warning, 'yellow')} It does not run there now: until it does, the answer is 404.`,
    );
    out.line();
  }
  if (named !== null) {
    out.line(`  ${out.paint(named, 'cyan')}`);
    out.line();
  }
  out.line(`  curl -H '${header}: ${value}' ${url}/`);
  out.line();
  out.line(out.paint(`The header holds until ${formatTime(preview.until)}, for every path of the address.`, 'dim'));
}
