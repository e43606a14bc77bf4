import type { Command } from 'commander';
import type { TokenView } from '../../capabilities/accounts/accounts-api.ts';
import { parseDurationMs } from '../../core/quantities.ts';
import { connect, withConnection, withHelp, type ConnectionOptions } from '../command-options.ts';
import type { Context } from '../context.ts';
import { controlPlaneCalls } from '../control-plane.ts';
import { formatTime } from '../output.ts';
import { parseRole, roles } from '../parse-role.ts';

interface CreateOptions extends ConnectionOptions {
  readonly role: readonly string[];
  readonly app?: string;
  readonly environment?: readonly string[];
  readonly valid?: string;
  readonly forMe?: true;
}

const errors = ['bad-input', 'unauthenticated', 'forbidden', 'not-found', 'unreachable'] as const;

export function tokenCommand(command: Command, context: Context): void {
  withHelp(
    command,
    [
      ['lotse token create jenkins --role developer --app shop --environment staging --valid 90d', 'for a pipeline'],
      ['lotse token list', ''],
      ['lotse token revoke tok_3f9a', 'it stops working at once'],
    ],
    { ok: 'done', errors },
  );
  describeCreate(command.command('create').summary('make a token; its secret is shown once'), context);
  describeList(command.command('list').summary('list the tokens, without their secrets'), context);
  describeRevoke(command.command('revoke').summary('end a token at once'), context);
}

function describeCreate(command: Command, context: Context): void {
  command
    .description('Make a token that names a person or a system. Its secret is shown once, and never again.')
    .argument('<name>', 'whom it names, for the journal')
    .requiredOption('--role <role...>', `what it may do: ${roles.join(', ')}`)
    .option('--for-me', 'what is done with it is done by you; left out: by a system of that name')
    .option('--app <name>', 'only for this app')
    .option('--environment <name...>', 'only for these environments')
    .option('--valid <duration>', 'until then, such as 90d; left out: until it is revoked');
  withConnection(command);
  withHelp(command, [['lotse token create deploy-bot --role developer --valid 30d', '']], { ok: 'made', errors });
  command.action(async (name: string, options: CreateOptions) => {
    const made = await controlPlaneCalls.createToken(connect(context, options), {
      name,
      roles: options.role.map(parseRole),
      speaksFor: options.forMe === true ? 'me' : 'system',
      app: options.app ?? null,
      environments: options.environment === undefined ? null : [...options.environment],
      validMs: options.valid === undefined ? null : parseDurationMs(options.valid),
    });
    const { out } = context;
    if (out.isJson) return out.json(made);
    out.line(made.secret);
    out.note(out.paint(`Token ${made.id} for ${made.name} (${made.roles.join(', ')}). It is shown only now;`, 'dim'));
    out.note(out.paint('use it as LOTSE_TOKEN.', 'dim'));
  });
}

function describeList(command: Command, context: Context): void {
  withConnection(command);
  command.description('List the tokens. Secrets are never shown again.');
  command.action(async (options: ConnectionOptions) => {
    const tokens = await controlPlaneCalls.tokens(connect(context, options));
    const { out } = context;
    if (out.isJson) return out.json(tokens);
    if (tokens.length === 0) return out.line('There is no token: `lotse token create` makes one.');
    out.table(
      ['id', 'name', 'roles', 'for', 'expires', 'last used'],
      tokens.map((token) => [
        token.id,
        token.name,
        token.roles.join(', '),
        scopeOf(token),
        token.expiresAt === null ? 'never' : formatTime(token.expiresAt),
        token.lastUsedAt === null ? 'never' : formatTime(token.lastUsedAt),
      ]),
    );
  });
}

function describeRevoke(command: Command, context: Context): void {
  command.description('End a token at once.').argument('<id>', 'as `lotse token list` shows it');
  withConnection(command);
  command.action(async (id: string, options: ConnectionOptions) => {
    await controlPlaneCalls.revokeToken(connect(context, options), id);
    if (context.out.isJson) context.out.json({ id, revoked: true });
    else context.out.line(`Token ${id} does not work any more.`);
  });
}

function scopeOf({ app, environments }: TokenView): string {
  if (app === null && environments === null) return 'everything';
  return [app ?? 'every app', environments?.join(', ') ?? 'every environment'].join('/');
}
