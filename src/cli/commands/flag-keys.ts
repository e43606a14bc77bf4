import type { Command } from 'commander';
import { connectToApp, withApp, type AppOptions } from '../command-options.ts';
import type { Context } from '../context.ts';
import { flagCalls } from '../flag-calls.ts';
import { formatTime } from '../output.ts';

/** `lotse flag keys …`. */
export function flagKeysCommand(command: Command, context: Context): void {
  command.description('Keys that read the flags of one environment and nothing else.');
  describeCreate(command.command('create').summary('make a key; its secret is shown once'), context);
  describeList(command.command('list').summary('list the keys, without their secrets'), context);
  describeRevoke(command.command('revoke').summary('end a key at once'), context);
}

function describeCreate(command: Command, context: Context): void {
  command
    .description('Make a key for a service that evaluates flags. Its secret is shown once, and never again.')
    .argument('<environment>', 'where')
    .argument('<name>', 'who uses it');
  withApp(command);
  command.action(async (environment: string, name: string, options: AppOptions) => {
    const plane = await connectToApp(context, options);
    const made = await flagCalls(plane, environment).createKey(name);
    const { out } = context;
    if (out.isJson) return out.json(made);
    out.line(made.secret);
    out.note(
      out.paint(`Key ${made.key} for ${made.name} reads the flags of ${environment}. It is shown only now.`, 'dim'),
    );
  });
}

function describeList(command: Command, context: Context): void {
  command.description('List the keys. Secrets are never shown again.').argument('<environment>', 'where');
  withApp(command);
  command.action(async (environment: string, options: AppOptions) => {
    const keys = await flagCalls(await connectToApp(context, options), environment).keys();
    const { out } = context;
    if (out.isJson) return out.json(keys);
    if (keys.length === 0) return out.line(`No key reads the flags of ${environment}.`);
    out.table(
      ['key', 'name', 'made'],
      keys.map(({ key, name, createdAt }) => [key, name, formatTime(createdAt)]),
    );
  });
}

function describeRevoke(command: Command, context: Context): void {
  command
    .description('End a key at once.')
    .argument('<environment>', 'where')
    .argument('<key>', 'as `lotse flag keys list` shows it');
  withApp(command);
  command.action(async (environment: string, key: string, options: AppOptions) => {
    await flagCalls(await connectToApp(context, options), environment).revokeKey(key);
    const { out } = context;
    if (out.isJson) return out.json({ key, revoked: true });
    out.line(`The key ${key} ends now.`);
  });
}
