import { Option, type Command } from 'commander';
import { sourceKinds, type DeliveryView, type SourceView } from '../../capabilities/sources/sources-api.ts';
import { connectToApp, withApp, withHelp, type AppOptions } from '../command-options.ts';
import type { Context } from '../context.ts';
import { formatAgo, type Output } from '../output.ts';
import { sourceCalls } from '../source-calls.ts';
import { cutTo, harmless } from '../text-layout.ts';

const errors = ['bad-input', 'unauthenticated', 'forbidden', 'not-found', 'sealed', 'unreachable'] as const;

/** `lotse source …`: repositories whose pushes are deployed. */
export function sourceCommand(command: Command, context: Context): void {
  withHelp(
    command,
    [
      [connectExample, 'a push to main goes to production'],
      ['lotse source list', 'what they sent last, and what became of it'],
      ['lotse source disconnect github', 'pushes mean nothing any more'],
    ],
    { ok: 'done', errors },
  );
  describeConnect(command.command('connect').summary('deploy what is pushed to a branch'), context);
  describeList(command.command('list').summary('list the repositories and what they sent last'), context);
  describeDisconnect(command.command('disconnect').summary('deploy its pushes no more'), context);
}

const connectExample =
  'lotse source connect github https://github.com/acme/shop.git --branch main --environment production --token GIT_TOKEN';

interface ConnectOptions extends AppOptions {
  readonly branch: string;
  readonly environment: string;
  readonly kind?: SourceView['kind'];
  readonly folder?: string;
  readonly token?: string;
  readonly key?: string;
  readonly tell: boolean;
  readonly newSecret?: true;
}

function describeConnect(command: Command, context: Context): void {
  command
    .description('Set the rule that a push to a branch goes to an environment, in place of the one of that name.')
    .argument('<name>', 'what you call it')
    .argument('<address>', 'of the repository: https://… or git@host:owner/name.git')
    .requiredOption('--branch <branch>', 'whose pushes are deployed')
    .requiredOption('--environment <environment>', 'where they go, through those before it')
    .addOption(new Option('--kind <kind>', 'where that is not known by the address').choices(sourceKinds))
    .option('--folder <folder>', 'of the app inside the repository')
    .option('--token <secret>', 'secret of builds that reads the repository, and reports')
    .option('--key <secret>', 'secret of builds with the private key that reads the repository by ssh')
    .option('--no-tell', 'report no commit and deployment status')
    .option('--new-secret', 'make another secret for the webhook');
  withApp(command);
  withHelp(command, [[connectExample, '']], { ok: 'connected', errors });
  command.action(async (name: string, address: string, options: ConnectOptions) => {
    const plane = await connectToApp(context, options);
    const { branch, environment, kind, folder, token = null, key = null, tell: tells, newSecret = false } = options;
    const more = { ...(kind === undefined ? {} : { kind }), ...(folder === undefined ? {} : { folder }) };
    const rule = { address, branch, environment, token, key, tells, newSecret, ...more };
    const { source, secret } = await sourceCalls(plane).connect(name, rule);
    const url = `${plane.client.connection.server}${source.path}`;
    const { out } = context;
    if (out.isJson) return out.json({ source, url, secret });
    out.line(`A push to ${source.branch} goes to ${source.environment}.`);
    out.pairs([['webhook', url], ...(secret === null ? [] : [['secret', secret] as const])]);
    out.note(out.paint(secret === null ? 'The secret is the one of before.' : adviceFor(source.kind), 'dim'));
  });
}

function adviceFor(kind: SourceView['kind']): string {
  const where = {
    github: 'Settings → Webhooks → Add webhook: content type application/json, only the push event.',
    gitlab: 'Settings → Webhooks → Add new webhook: the secret as secret token, push events.',
    gitea: 'Settings → Webhooks → Add webhook: POST, application/json, push events.',
  } as const;
  return `The secret is shown only now. ${where[kind]}`;
}

function describeList(command: Command, context: Context): void {
  command.description('List the repositories whose pushes are deployed, and what they sent last.');
  withApp(command);
  command.action(async (options: AppOptions) => {
    const sources = await sourceCalls(await connectToApp(context, options)).list();
    const { out } = context;
    if (out.isJson) return out.json(sources);
    if (sources.length === 0) return out.line('No repository is connected: `lotse source connect`.');
    for (const source of sources) showSource(source, out);
  });
}

function showSource(source: SourceView, out: Output): void {
  const { name, address, branch, environment, deliveries, reports } = source;
  out.line(`${out.paint(name, 'bold')}  ${harmless(address)}  ${harmless(branch)} → ${environment}`);
  if (deliveries.length === 0) out.line('  nothing has come yet');
  else
    out.table(
      ['  came', 'event', 'commit', 'how', 'release', ''],
      deliveries.map((delivery) => deliveryRow(delivery, out)),
    );
  const untold = reports.filter(({ problem }) => problem !== null);
  for (const { commit, environment: where, problem } of untold.slice(0, 3))
    out.warn(`${name} does not know how ${commit.slice(0, 7)} fares in ${where}: ${harmless(problem ?? '')}`);
}

function deliveryRow(
  { receivedAt, event, commit, state, release, note }: DeliveryView,
  out: Output,
): readonly string[] {
  const colours = {
    deployed: 'green',
    failed: 'red',
    working: 'cyan',
    waiting: 'cyan',
    ignored: 'dim',
    superseded: 'dim',
  } as const;
  return [
    `  ${formatAgo(receivedAt, Date.now())}`,
    harmless(event),
    commit?.slice(0, 7) ?? '',
    out.paint(state, colours[state]),
    release ?? '',
    cutTo(harmless(note ?? ''), 90),
  ];
}

function describeDisconnect(command: Command, context: Context): void {
  command.description('Deploy its pushes no more. What was deployed stays.').argument('<name>', 'as it was connected');
  withApp(command);
  command.action(async (name: string, options: AppOptions) => {
    await sourceCalls(await connectToApp(context, options)).disconnect(name);
    const { out } = context;
    if (out.isJson) return out.json({ source: name, disconnected: true });
    out.line(`Pushes to ${name} are not deployed any more. Remove its webhook there.`);
  });
}
