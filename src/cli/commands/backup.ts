import { resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { LotseError } from '../../core/errors.ts';
import { formatSizeRoughly } from '../../core/quantities.ts';
import { withHelp, withJson } from '../command-options.ts';
import type { Context } from '../context.ts';
import { ControlPlaneProcess } from '../control-plane-process.ts';
import { count, formatTime } from '../output.ts';
import { findStateFolder } from '../state-folder.ts';

interface CreateOptions {
  readonly state?: string;
  readonly recipient: readonly string[];
  readonly passphraseFile?: string;
  readonly artifacts: boolean;
}

interface RestoreOptions {
  readonly state?: string;
  readonly identity?: string;
  readonly passphraseFile?: string;
  readonly replace?: true;
}

const created = z.object({ file: z.string(), bytes: z.number(), files: z.number(), createdAt: z.number() });
const restored = z.object({
  createdAt: z.number(),
  writtenBy: z.string(),
  files: z.number(),
  movedTo: z.string().nullable(),
  unknown: z.array(z.string()),
});

export function backupCommand(command: Command, context: Context): void {
  withHelp(
    command,
    [
      ['lotse backup create /mnt/backup/lotse.age --recipient age1…', 'sealed for who has that identity'],
      ['lotse backup create lotse.age --passphrase-file /root/passphrase', ''],
      ['lotse backup restore lotse.age --identity key.txt --state /var/lib/lotse', 'on a new server'],
    ],
    {
      ok: 'the backup is there, or the state is back',
      errors: [
        'bad-input',
        'not-found',
        'conflict',
        'locked',
        'sealed',
        'state-too-new',
        'journal-damaged',
        'disk-full',
      ],
    },
  );
  describeCreate(command.command('create').summary('copy the state into one sealed file'), context);
  describeRestore(command.command('restore').summary('bring a state back from such a file'), context);
}

function describeCreate(command: Command, context: Context): void {
  command
    .description(
      'Copy the state into one sealed file, beside a control plane that runs or not. What apps keep in stores is not in it.',
    )
    .argument('<file>', 'is written, and must not exist')
    .option('--state <folder>', 'state folder, instead of the nearest .lotse')
    .option('--recipient <age1…>', 'who can open it; may be given several times', addTo, [])
    .option('--passphrase-file <file>', 'a passphrase instead')
    .option('--no-artifacts', 'leave built files out: much smaller, and releases have to be built again');
  withJson(command);
  command.action(async (file: string, options: CreateOptions) => {
    const answer = created.parse(
      await runOffline(context, [
        ...['backup-create', '--state', stateFor(context, options.state), '--file', resolve(context.cwd, file)],
        ...options.recipient.flatMap((each) => ['--recipient', each]),
        ...fileArgument(context, '--passphrase-file', options.passphraseFile),
        ...(options.artifacts ? [] : ['--without-artifacts']),
      ]),
    );
    const { out } = context;
    if (out.isJson) return out.json(answer);
    out.line(
      `${out.paint(out.symbols.done, 'green')} ${answer.file}  ${formatSizeRoughly(answer.bytes)}, ${count(answer.files, 'file')}`,
    );
    out.line('Stores of apps are not in it. Keep it, and what opens it, away from this machine.');
  });
}

function addTo(each: string, all: readonly string[]): readonly string[] {
  return [...all, each];
}

function describeRestore(command: Command, context: Context): void {
  command
    .description('Bring a state back. All of it is checked before anything is written; no control plane may run on it.')
    .argument('<file>', 'made by `lotse backup create`')
    .option('--state <folder>', 'where it goes; made when it is not there')
    .option('--identity <file>', 'of age, for one of its recipients')
    .option('--passphrase-file <file>', 'the passphrase instead')
    .option('--replace', 'move a state that is there aside, and keep it');
  withJson(command);
  command.action(async (file: string, options: RestoreOptions) => {
    if (options.state === undefined) throw new LotseError('bad-input', 'Restore to where? Name it: --state FOLDER');
    const state = resolve(context.cwd, options.state);
    const answer = restored.parse(
      await runOffline(context, [
        ...['backup-restore', '--state', state, '--file', resolve(context.cwd, file)],
        ...fileArgument(context, '--identity', options.identity),
        ...fileArgument(context, '--passphrase-file', options.passphraseFile),
        ...(options.replace === true ? ['--replace'] : []),
      ]),
    );
    showRestored(context, state, answer);
  });
}

function showRestored({ out }: Context, state: string, answer: z.infer<typeof restored>): void {
  if (out.isJson) return out.json(answer);
  const { createdAt, writtenBy, files, movedTo, unknown } = answer;
  out.line(
    `${out.paint(out.symbols.done, 'green')} ${state} is as it was ${formatTime(createdAt)} (Lotse ${writtenBy}, ${count(files, 'file')}).`,
  );
  if (movedTo !== null) out.line(`What was there before lies in ${movedTo}.`);
  if (unknown.length > 0) {
    out.warn('Ordered here after that backup, and unknown to it. What runs of it runs on until somebody ends it:');
    out.lines(unknown.map((each) => `  ${each}`));
  }
  out.line(`Next: \`systemctl start lotse\`, or \`lotse serve --state ${state}\`, and \`lotse doctor\`.`);
}

function fileArgument({ cwd }: Context, option: string, file: string | undefined): readonly string[] {
  return file === undefined ? [] : [option, resolve(cwd, file)];
}

function stateFor({ cwd }: Context, named: string | undefined): string {
  const state = named === undefined ? findStateFolder(cwd) : resolve(cwd, named);
  if (state !== null) return state;
  throw new LotseError('not-found', `There is no state folder .lotse in ${cwd} or above it`, {
    hint: 'Name it: --state FOLDER.',
  });
}

/** Runs main.ts in a mode that ends, and answers its result. */
async function runOffline({ cwd }: Context, args: readonly string[]): Promise<unknown> {
  const worker = new ControlPlaneProcess({ args, cwd, output: 'inherit' });
  const answer = await worker.answer();
  await worker.ended;
  if (answer.kind === 'result') return answer.value;
  throw new LotseError('internal', 'This control plane cannot do backups');
}
