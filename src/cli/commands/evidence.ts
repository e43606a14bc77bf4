import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { z } from 'zod';
import { evidenceRequest, evidenceRoutes, type EvidenceRequest } from '../../capabilities/releases/evidence-api.ts';
import { evidence as evidenceShape, releaseRoutes } from '../../capabilities/releases/releases-api.ts';
import { LotseError } from '../../core/errors.ts';
import { severities } from '../../core/severities.ts';
import { connectToApp, withApp, withHelp, type AppOptions } from '../command-options.ts';
import type { Context } from '../context.ts';
import { formatTime } from '../output.ts';
import { readReport as readReportOf } from '../../reports/read-report.ts';
import { harmless } from '../text-layout.ts';

const errors = [
  'bad-input',
  'unauthenticated',
  'forbidden',
  'not-found',
  'verification-failed',
  'unreachable',
] as const;
const maxFileBytes = 64 * 1024 * 1024;
const addExample = 'lotse evidence add production --junit report.xml --commit $GITHUB_SHA';

export function evidenceCommand(command: Command, context: Context): void {
  withHelp(
    command,
    [
      [addExample, 'tests that passed'],
      ['lotse evidence list production', 'what speaks for the release there'],
    ],
    {
      ok: 'recorded, or shown',
      errors,
    },
  );
  describeAdd(command.command('add').summary('record what a report of tests or of a scan says'), context);
  describeList(command.command('list').summary('list the evidence of an environment'), context);
}

interface AddOptions extends AppOptions {
  readonly junit?: string;
  readonly sarif?: string;
  readonly release?: string;
  readonly commit?: string;
  readonly name?: string;
  readonly failOn: (typeof severities)[number];
}

function describeAdd(command: Command, context: Context): void {
  command
    .description('Record what a report says about a release. One that speaks against it is no evidence, and fails.')
    .argument('<environment>', 'for which environment it counts')
    .option('--junit <file>', 'a report of tests, as XML of JUnit')
    .option('--sarif <file>', 'a report of a scan, as SARIF 2.1.0')
    .option('--release <release>', 'which release it is about')
    .option('--commit <id>', 'the newest release of this commit')
    .option('--name <name>', 'tells several reports apart (default: unit, or what the tool calls itself)')
    .addOption(
      new Option('--fail-on <severity>', 'the least severity that is too much').choices(severities).default('high'),
    );
  withApp(command);
  withHelp(
    command,
    [
      [addExample, ''],
      ['lotse evidence add production --sarif trivy.sarif --release r7-a1b2c3d --fail-on critical', ''],
    ],
    { ok: 'recorded', errors },
  );
  command.action(async (environment: string, options: AddOptions) => {
    const { out, cwd } = context;
    const { request, against } = readReport(options, cwd);
    const plane = await connectToApp(context, options);
    const path = { app: plane.app, environment };
    const added = await plane.client
      .call(evidenceRoutes.addEvidence, evidenceShape, { path, json: evidenceRequest.parse(request) })
      .catch((thrown: unknown) => {
        if (!(thrown instanceof LotseError) || thrown.code !== 'verification-failed') throw thrown;
        throw new LotseError(thrown.code, thrown.message, { details: against, cause: thrown });
      });
    if (out.isJson) return out.json(added);
    out.line(`${out.paint(out.symbols.done, 'green')} ${added.gate} for ${added.subject}: ${added.summary}`);
  });
}

/** Errors: `bad-input`. */
function readReport(
  options: AddOptions,
  cwd: string,
): { readonly request: EvidenceRequest; readonly against: readonly string[] } {
  const { junit, sarif, release, commit, failOn } = options;
  const file = junit ?? sarif;
  if (file === undefined || (junit !== undefined && sarif !== undefined))
    throw new LotseError('bad-input', 'one report is read at once: --junit FILE or --sarif FILE');
  if ((release === undefined) === (commit === undefined))
    throw new LotseError('bad-input', 'a report is about --release RELEASE or --commit ID');
  const read = readReportOf(junit === undefined ? 'sarif' : 'junit', readReportFile(resolve(cwd, file), file), file);
  const name = options.name ?? read.name;
  const about = { name, ...(release === undefined ? {} : { release }), ...(commit === undefined ? {} : { commit }) };
  const { report } = read;
  const request = report.kind === 'tests' ? { ...about, ...report } : { ...about, ...report, failOn };
  return { request, against: read.against.map(harmless) };
}

function readReportFile(path: string, shown: string): Buffer {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw new LotseError('not-found', `there is no ${shown}`);
  if (size > maxFileBytes) throw new LotseError('bad-input', `${shown} has more than ${maxFileBytes / 1024 ** 2} MB`);
  return readFileSync(path);
}

function describeList(command: Command, context: Context): void {
  command
    .description('List what speaks for a release.')
    .argument('<environment>', 'where')
    .option('--release <release>', 'which one, instead of the one that waits there or was deployed last');
  withApp(command);
  command.action(async (environment: string, options: AppOptions & { readonly release?: string }) => {
    const plane = await connectToApp(context, options);
    const asked = { path: { app: plane.app, environment }, query: { release: options.release } };
    const all = await plane.client.call(releaseRoutes.listEvidence, z.array(evidenceShape), asked);
    const { out } = context;
    if (out.isJson) return out.json(all);
    if (all.length === 0) return out.line(`Nothing speaks for it yet.`);
    out.table(
      ['at', 'gate', 'about', 'what'],
      all.map(({ at, gate, subject, summary }) => [formatTime(at), gate, subject, harmless(summary)]),
    );
  });
}
