import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import type { KnownSecretView } from '../../capabilities/secrets/secrets-api.ts';
import { LotseError } from '../../core/errors.ts';
import { readDurationMs } from '../../core/quantities.ts';
import { findAppFolder, readAppFolder } from '../app-folder.ts';
import { connectToApp, withApp, withHelp, type AppOptions } from '../command-options.ts';
import type { Context } from '../context.ts';
import { buildPlace } from '../../manifest/names.ts';
import type { AppManifest } from '../../manifest/app-manifest.ts';
import { formatTime } from '../output.ts';

interface SetOptions extends AppOptions {
  readonly random?: true;
  readonly expires?: string;
  readonly reason?: string;
}

const errors = ['bad-input', 'unauthenticated', 'forbidden', 'not-found', 'conflict', 'unreachable', 'sealed'] as const;
/** 256 bits, as long as a key of AES-256 or HMAC-SHA-256. */
const randomValueBytes = 32;
/** From so long before its end on, a value is shown as ending. */
const noticeMs = 14 * 86_400_000;
const expiresHelp = 'when the value ends elsewhere, so that you are reminded: 90d, or 2027-03-31';

export function secretCommand(command: Command, context: Context): void {
  withHelp(
    command,
    [
      ['lotse secret set SESSION_KEY production', 'asks for the value; nothing of it is shown'],
      ['lotse secret set TLS_KEY production < key.pem', 'from a file'],
      ['lotse secret set SESSION_KEY staging --random', 'one that nobody has ever seen'],
      ['lotse secret rotate SESSION_KEY production --random', 'old and new are valid until a rollout settles'],
      ['lotse secret set NPM_TOKEN build', 'for builds: `build` stands in place of an environment'],
      ['lotse secret list production', 'names and versions, and what is missing'],
    ],
    { ok: 'done', errors },
  );
  describeSet(command.command('set').summary('give a secret a value'), context);
  describeRotate(command.command('rotate').summary('give a secret a new value beside the old one'), context);
  describeList(command.command('list').summary('list the secrets, without their values'), context);
  describeRemove(command.command('unset').summary('remove the value of a secret'), context);
}

function describeSet(command: Command, context: Context): void {
  command
    .description(
      'Give a secret a value. It comes from stdin, or is asked for, and is never on a command line. What starts from now on gets it: the next release, or a restart.',
    )
    .argument('<name>', 'the variable by which instances get it')
    .argument('<environment>', 'where; `build`: what builds are given')
    .option('--random', `${randomValueBytes} random bytes, as base64url`)
    .option('--expires <when>', expiresHelp)
    .option('--reason <text>', 'for the journal');
  withApp(command);
  withHelp(command, [['pass show shop/smtp | lotse secret set SMTP_URL production', '']], { ok: 'set', errors });
  command.action(async (name: string, environment: string, options: SetOptions) => {
    const plane = await connectToApp(context, options);
    const set = await plane.setSecret(environment, name, await newValue(context, options, name, environment));
    const { out } = context;
    if (out.isJson) return out.json(set);
    out.line(`${name} of ${environment} has version ${set.version}.`);
    const since =
      environment === buildPlace ? 'The next build gets it.' : 'What runs keeps the value that it started with.';
    out.note(out.paint(since, 'dim'));
  });
}

function describeRotate(command: Command, context: Context): void {
  command
    .description(
      'Give a secret a new value. What is started by the next deploy gets it; the old value stays valid for what runs, and for a return to it, until that rollout has settled. Then it is revoked.',
    )
    .argument('<name>', 'a secret that has a value')
    .argument('<environment>', 'where')
    .option('--random', `${randomValueBytes} random bytes, as base64url`)
    .option('--expires <when>', expiresHelp)
    .option('--reason <text>', 'for the journal');
  withApp(command);
  withHelp(command, [['new-smtp-password | lotse secret rotate SMTP_URL production --expires 90d', '']], {
    ok: 'both values are valid',
    errors,
  });
  command.action(async (name: string, environment: string, options: SetOptions) => {
    const plane = await connectToApp(context, options);
    const body = await newValue(context, options, name, environment);
    const rotation = await plane.rotateSecret(environment, name, body);
    const { out } = context;
    if (out.isJson) return out.json(rotation);
    const { newVersion, oldVersion } = rotation;
    out.line(`${name} of ${environment} has version ${newVersion}; ${oldVersion} stays valid until a rollout settles.`);
    out.note(out.paint(`What runs keeps the old value: the next deploy to ${environment} brings the new one.`, 'dim'));
  });
}

async function newValue(context: Context, options: SetOptions, name: string, environment: string) {
  const expiresAt = options.expires === undefined ? null : timeOf(options.expires);
  const value = options.random === true ? randomValue() : await valueFrom(context, name, environment);
  return { value, reason: options.reason ?? null, expiresAt };
}

/** A duration from now, or a day: the value ends when that day begins (UTC). */
function timeOf(written: string): number {
  const inMs = readDurationMs(written);
  const at = inMs === null ? Date.parse(/^\d{4}-\d\d-\d\d$/.test(written) ? written : 'none') : Date.now() + inMs;
  if (Number.isFinite(at) && at > Date.now()) return at;
  throw new LotseError('bad-input', `--expires takes a duration or a day to come, not ${JSON.stringify(written)}`, {
    hint: 'For example --expires 90d, or --expires 2027-03-31.',
  });
}

function randomValue(): string {
  return randomBytes(randomValueBytes).toString('base64url');
}

/** Without the one line end that editors and `echo` put at the end of a text. */
async function valueFrom(context: Context, name: string, environment: string): Promise<string> {
  const text = context.canAsk ? await typed(`Value of ${name} in ${environment}:`) : await context.readStdin();
  const value = text.replace(/\r?\n$/, '');
  if (value !== '') return value;
  throw new LotseError('bad-input', `${name} got no value`, {
    hint: 'Type one, send it to stdin, or take --random.',
  });
}

async function typed(message: string): Promise<string> {
  const { password, isCancel } = await import('@clack/prompts');
  const answer = await password({ message });
  if (isCancel(answer)) throw new LotseError('cancelled', 'Nothing was set.');
  return answer;
}

function describeList(command: Command, context: Context): void {
  command
    .description('List the secrets of an environment and those that lotse.yaml names. Values are never shown.')
    .argument('<environment>', 'where');
  withApp(command);
  command.action(async (environment: string, options: AppOptions) => {
    const plane = await connectToApp(context, options);
    const known = await plane.secrets(environment);
    const wanted = wantedHere(context, plane.app, environment);
    const missing = wanted.filter((name) => known.every((secret) => secret.name !== name));
    const { out } = context;
    if (out.isJson) return out.json({ environment, secrets: known, missing });
    if (known.length === 0 && missing.length === 0) return out.line(`${environment} has no secrets.`);
    out.table(
      ['name', 'version', 'set', 'ends'],
      [
        ...known.map((secret) => [secret.name, versionsOf(secret), formatTime(secret.setAt), endOf(secret, context)]),
        ...missing.map((name) => [name, out.paint('missing', 'red'), '', '']),
      ],
    );
  });
}

function versionsOf({ version, oldVersion }: KnownSecretView): string {
  return oldVersion === null ? version : `${version} (and ${oldVersion} until a rollout settles)`;
}

function endOf({ expiresAt }: KnownSecretView, { out }: Context): string {
  if (expiresAt === null) return '';
  const leftMs = expiresAt - Date.now();
  return out.paint(formatTime(expiresAt), leftMs <= 0 ? 'red' : leftMs < noticeMs ? 'yellow' : 'dim');
}

/** What the lotse.yaml here names; nothing where there is none, or it is another app's. */
function wantedHere(context: Context, app: string, environment: string): readonly string[] {
  if (findAppFolder(context.cwd) === null) return [];
  const { manifest } = readAppFolder(context.cwd, context.cwd);
  if (manifest.app !== app) return [];
  return environment === buildPlace ? wantedByBuild(manifest) : manifest.secrets;
}

/** Also by the jobs of its pipeline. */
function wantedByBuild({ build: { secrets = [], registries = {} }, pipeline }: AppManifest): readonly string[] {
  const byJobs = pipeline?.jobs.flatMap((job) => job.secrets) ?? [];
  return [...new Set([...secrets, ...Object.values(registries).map(({ password }) => password), ...byJobs])];
}

function describeRemove(command: Command, context: Context): void {
  command
    .description('Remove the value of a secret. What runs keeps it; nothing that wants it starts any more.')
    .argument('<name>', 'as `lotse secret list` shows it')
    .argument('<environment>', 'where')
    .option('--reason <text>', 'for the journal');
  withApp(command);
  command.action(async (name: string, environment: string, options: SetOptions) => {
    const plane = await connectToApp(context, options);
    await plane.removeSecret(environment, name, options.reason);
    const { out } = context;
    if (out.isJson) return out.json({ name, environment, removed: true });
    out.line(`${environment} has no value for ${name} any more.`);
  });
}
