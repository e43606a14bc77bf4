import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { LotseError } from '../../core/errors.ts';
import { findEnvironment } from '../../manifest/effective-service.ts';
import { shownPath } from '../app-folder.ts';
import { withApp, withHelp, type AppOptions } from '../command-options.ts';
import { exportCompose, type ComposeExport } from '../compose/export-compose.ts';
import { findServingManifest, type ServingManifest } from '../compose/serving-manifest.ts';
import type { Context } from '../context.ts';
import { readFolder } from '../init/read-folder.ts';
import { parseDockerfile } from '../init/parse-folder-files.ts';
import { describeExportCi } from './export-ci.ts';

interface ExportOptions extends AppOptions {
  readonly output?: string;
  readonly print?: true;
  readonly force?: true;
}

const errors = ['bad-input', 'manifest-invalid', 'not-found', 'conflict'] as const;

export function exportCommand(command: Command, context: Context): void {
  withHelp(
    command,
    [
      ['lotse export compose production', 'what one needs to leave for Docker Compose'],
      ['lotse export ci github', 'a workflow that tests and deploys'],
    ],
    { ok: 'written', errors },
  );
  describeCompose(command.command('compose').summary('write a compose file, and what it cannot do'), context);
  describeExportCi(command.command('ci').summary('write the workflow of GitHub Actions or GitLab CI'), context);
}

function describeCompose(command: Command, context: Context): void {
  command
    .description(
      'Write an environment as a compose file, with an .env.example for what has to be filled in. It is made from the release that serves there, or from lotse.yaml as it lies here when no control plane answers.',
    )
    .argument('[environment]', 'the environment', 'production')
    .option('--output <file>', 'where to write it', 'compose.yaml')
    .option('--print', 'show the file, write nothing')
    .option('--force', 'replace files that are there');
  withApp(command);
  withHelp(
    command,
    [
      ['lotse export compose', 'production, as compose.yaml'],
      ['lotse export compose staging --output compose.staging.yaml', ''],
    ],
    { ok: 'written', errors },
  );
  command.action(
    async (environment: string, options: ExportOptions) => await writeCompose(context, environment, options),
  );
}

async function writeCompose(context: Context, environment: string, options: ExportOptions): Promise<void> {
  const { out } = context;
  const serving = await findServingManifest(context, environment, options);
  const made = makeExport(serving, environment);
  const base = { release: serving.release, ...made };
  if (options.print === true) return out.isJson ? out.json(base) : void out.stdout.write(made.text);
  const file = resolve(context.cwd, options.output ?? 'compose.yaml');
  const envFile = made.envExample === null ? null : join(dirname(file), '.env.example');
  for (const path of [file, envFile]) {
    if (path === null || !existsSync(path) || options.force === true) continue;
    throw new LotseError('conflict', `${shownPath(path, context.cwd)} is there already`, {
      hint: '`--output` writes to another place, `--print` shows what would be written, `--force` replaces it.',
    });
  }
  writeFileSync(file, made.text);
  if (envFile !== null) writeFileSync(envFile, made.envExample ?? '');
  if (out.isJson) return out.json({ file, envFile, ...base });
  report(context, { file, envFile, serving, made });
}

function makeExport(serving: ServingManifest, environment: string): ComposeExport {
  const facts = readFolder(serving.folder);
  const dockerfileIn = (root: string) => {
    const file = join(serving.folder, root, 'Dockerfile');
    return existsSync(file) ? parseDockerfile(readFileSync(file, 'utf8')) : null;
  };
  return exportCompose(serving.manifest, findEnvironment(serving.manifest, environment), {
    ...{
      release: serving.release,
      set: serving.set,
      dockerfileIn,
      packageFile: facts.packageFile,
      lockfile: facts.lockfile,
    },
  });
}

interface Written {
  readonly file: string;
  readonly envFile: string | null;
  readonly serving: ServingManifest;
  readonly made: ComposeExport;
}

function report({ out, cwd }: Context, { file, envFile, serving, made }: Written): void {
  const done = out.paint(out.symbols.done, 'green');
  const from = serving.release === null ? 'from the working tree' : `from ${serving.release}`;
  out.line(`${done} ${shownPath(file, cwd)}  ${out.paint(from, 'dim')}`);
  if (envFile !== null)
    out.line(`${done} ${shownPath(envFile, cwd)}  ${out.paint('copy it to .env and fill it in', 'dim')}`);
  if (serving.remark !== null) out.warn(serving.remark);
  out.line();
  out.line(out.paint('Compose has no equivalent for', 'bold'));
  for (const note of made.notes) out.line(`  ${note}`);
}
