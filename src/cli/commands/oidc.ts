import type { Command } from 'commander';
import type { OidcRuleView } from '../../capabilities/accounts/oidc-api.ts';
import { LotseError } from '../../core/errors.ts';
import { parseDurationMs } from '../../core/quantities.ts';
import { connect, withConnection, withHelp, type ConnectionOptions } from '../command-options.ts';
import type { Context } from '../context.ts';
import { controlPlaneCalls } from '../control-plane.ts';
import { identityToken } from '../identity-token.ts';
import { formatTime } from '../output.ts';
import { parseRole, roles } from '../parse-role.ts';

interface AllowOptions extends ConnectionOptions {
  readonly app: string;
  readonly environment: readonly string[];
  readonly role: readonly string[];
  readonly ref?: string;
  readonly ciEnvironment?: string;
  readonly claim?: readonly string[];
  readonly issuer?: string;
  readonly audience?: string;
  readonly valid?: string;
}

interface TokenOptions extends ConnectionOptions {
  readonly app?: string;
  readonly audience?: string;
}

const errors = ['bad-input', 'unauthenticated', 'forbidden', 'not-found', 'unreachable'] as const;

/** Where its tokens come from, and which claim names whose pipeline it is. */
const providers: Readonly<Record<string, { readonly issuer: string; readonly claim: string }>> = {
  github: { issuer: 'https://token.actions.githubusercontent.com', claim: 'repository' },
  gitlab: { issuer: 'https://gitlab.com', claim: 'project_path' },
};

export function oidcCommand(command: Command, context: Context): void {
  withHelp(
    command,
    [
      ['lotse oidc allow github acme/shop --app shop --environment production --ref refs/heads/main', ''],
      ['lotse oidc allow gitlab acme/shop --issuer https://git.acme.example --app shop --environment staging', ''],
      ['lotse oidc list', ''],
      ['export LOTSE_TOKEN=$(lotse oidc token)', 'inside a pipeline'],
    ],
    { ok: 'done', errors },
  );
  describeAllow(command.command('allow').summary('let pipelines of a repository in'), context);
  describeList(command.command('list').summary('list which pipelines are let in'), context);
  describeRemove(command.command('remove').summary('let them in no longer'), context);
  describeToken(command.command('token').summary('inside a pipeline: print a token for this job'), context);
}

function describeAllow(command: Command, context: Context): void {
  command
    .description('Let pipelines in: what their CI signs about them becomes a token that counts for a short time.')
    .argument('<provider>', Object.keys(providers).join(' or '))
    .argument('<repository>', 'owner and name, as in acme/shop; acme/* for all of an owner')
    .requiredOption('--app <name>', 'the app that they may touch')
    .requiredOption('--environment <name...>', 'the environments that they may touch')
    .option('--role <role...>', `what they may do there: ${roles.join(', ')}`, ['developer'])
    .option('--ref <ref>', 'only from this ref: refs/heads/main, refs/tags/v* (GitLab: main)')
    .option('--ci-environment <name>', "only jobs of this environment of the CI, with the CI's own protection")
    .option('--claim <name=pattern...>', 'further claims of the identity token')
    .option('--issuer <url>', 'for a GitLab or GitHub of your own')
    .option('--audience <text>', 'what the identity token is made for; left out: the address of the control plane')
    .option('--valid <duration>', 'how long a token counts', '1h');
  withConnection(command);
  command.action(async (provider: string, repository: string, options: AllowOptions) => {
    const rule = await controlPlaneCalls.allowOidc(connect(context, options), {
      ...issuerAndClaims(provider, repository, options),
      audience: options.audience ?? null,
      roles: options.role.map(parseRole),
      app: options.app,
      environments: [...options.environment],
      validMs: parseDurationMs(options.valid ?? '1h'),
    });
    const { out } = context;
    if (out.isJson) return out.json(rule);
    out.line(`${rule.id}: ${sayRule(rule)}`);
    out.note(out.paint(`The audience of the identity token is ${rule.audience}.`, 'dim'));
  });
}

function issuerAndClaims(provider: string, repository: string, options: AllowOptions) {
  const known = providers[provider];
  if (known === undefined) {
    throw new LotseError('bad-input', `${JSON.stringify(provider)} is no provider`, {
      hint: `There are: ${Object.keys(providers).join(', ')}.`,
    });
  }
  const claims = {
    [known.claim]: repository,
    ...(options.ref === undefined ? {} : { ref: options.ref }),
    ...(options.ciEnvironment === undefined ? {} : { environment: options.ciEnvironment }),
    ...Object.fromEntries((options.claim ?? []).map(readClaim)),
  };
  return { issuer: (options.issuer ?? known.issuer).replace(/\/$/, ''), claims };
}

function readClaim(text: string): readonly [string, string] {
  const [, name, pattern] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name !== undefined && pattern !== undefined) return [name, pattern];
  throw new LotseError('bad-input', `${JSON.stringify(text)} is not of the form name=pattern`);
}

function describeList(command: Command, context: Context): void {
  withConnection(command);
  command.description('List which pipelines are let in without a stored secret.');
  command.action(async (options: ConnectionOptions) => {
    const rules = await controlPlaneCalls.oidcRules(connect(context, options));
    const { out } = context;
    if (out.isJson) return out.json(rules);
    if (rules.length === 0) return out.line('No pipeline is let in: `lotse oidc allow` does it.');
    out.table(
      ['id', 'who', 'may', 'audience', 'last used'],
      rules.map((rule) => [
        ...[rule.id, sayClaims(rule), sayPlace(rule), rule.audience],
        rule.lastUsedAt === null ? 'never' : formatTime(rule.lastUsedAt),
      ]),
    );
  });
}

function describeRemove(command: Command, context: Context): void {
  command.description('Let these pipelines in no longer.').argument('<id>', 'as `lotse oidc list` shows it');
  withConnection(command);
  command.action(async (id: string, options: ConnectionOptions) => {
    await controlPlaneCalls.removeOidc(connect(context, options), id);
    if (context.out.isJson) context.out.json({ id, removed: true });
    else context.out.line(`${id} lets no pipeline in any more.`);
  });
}

function describeToken(command: Command, context: Context): void {
  command
    .description('Inside a pipeline: exchange what the CI signs about this job for a token, and print it.')
    .option('--app <name>', 'where rules of several apps fit')
    .option('--audience <text>', 'what the identity token is made for; left out: the address of the control plane');
  withConnection(command);
  withHelp(command, [['export LOTSE_TOKEN=$(lotse oidc token)', 'LOTSE_SERVER is set']], { ok: 'printed', errors });
  command.action(async (options: TokenOptions) => {
    const client = connect(context, options);
    const audience = options.audience ?? client.connection.server;
    const made = await controlPlaneCalls.exchangeOidc(client, {
      token: await identityToken(context.env, audience),
      app: options.app ?? null,
    });
    const { out } = context;
    if (out.isJson) return out.json(made);
    out.line(made.secret);
    out.note(out.paint(`For ${sayPlace(made)}, until ${formatTime(made.expiresAt)}.`, 'dim'));
  });
}

function sayRule(rule: OidcRuleView): string {
  return `${sayClaims(rule)} may act as ${sayPlace(rule)}`;
}

function sayClaims({ claims }: Pick<OidcRuleView, 'claims'>): string {
  return Object.entries(claims)
    .map(([name, pattern]) => `${name}=${pattern}`)
    .join(', ');
}

function sayPlace({ roles: given, app, environments }: Pick<OidcRuleView, 'roles' | 'app' | 'environments'>): string {
  return `${given.join(', ')} in ${app}/${environments.join(', ')}`;
}
