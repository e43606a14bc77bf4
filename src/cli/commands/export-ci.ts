import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { LotseError } from '../../core/errors.ts';
import { readAppFolder, shownPath } from '../app-folder.ts';
import { githubWorkflow } from '../ci/github-workflow.ts';
import { gitlabPipeline } from '../ci/gitlab-pipeline.ts';
import { pipelineOf, type Pipeline } from '../ci/pipeline.ts';
import { withHelp, withJson } from '../command-options.ts';
import type { Context } from '../context.ts';
import { readFolder } from '../init/read-folder.ts';

interface CiOptions {
  readonly server?: string;
  readonly branch: string;
  readonly output?: string;
  readonly print?: true;
  readonly force?: true;
}

const places = { github: '.github/workflows/lotse.yml', gitlab: '.gitlab-ci.yml' } as const;
const writers: Readonly<Record<keyof typeof places, (pipeline: Pipeline) => string>> = {
  github: githubWorkflow,
  gitlab: gitlabPipeline,
};

/** `lotse export ci`: what a CI has to do, written from lotse.yaml. */
export function describeExportCi(command: Command, context: Context): void {
  command
    .description(
      'Write the workflow of a CI: the tests of the app (where lotse.yaml declares a pipeline, a job that lets Lotse run it), then a job for each environment in the order of promotion. It is made from lotse.yaml as it lies here.',
    )
    .argument('<ci>', Object.keys(places).join(' or '))
    .option('--server <address>', 'where pipelines reach the control plane (default: LOTSE_SERVER)')
    .option('--branch <branch>', 'whose pushes are deployed', 'main')
    .option('--output <file>', `where to write it (default: ${places.github}, ${places.gitlab})`)
    .option('--print', 'show the file, write nothing')
    .option('--force', 'replace the file that is there');
  withJson(command);
  withHelp(
    command,
    [
      ['lotse export ci github --server https://lotse.example', ''],
      ['lotse export ci gitlab --server https://lotse.example --print', ''],
    ],
    { ok: 'written', errors: ['bad-input', 'manifest-invalid', 'not-found', 'conflict'] },
  );
  command.action((ci: string, options: CiOptions) => writeCi(context, ci, options));
}

function writeCi({ out, cwd, env }: Context, ci: string, options: CiOptions): void {
  if (ci !== 'github' && ci !== 'gitlab') {
    const hint = `There are: ${Object.keys(places).join(', ')}.`;
    throw new LotseError('bad-input', `${JSON.stringify(ci)} is no CI that Lotse writes files for`, { hint });
  }
  const { folder, manifest } = readAppFolder(cwd, cwd);
  const { branch } = options;
  const server = addressOf(options.server ?? env['LOTSE_SERVER'] ?? '');
  const text = writers[ci](pipelineOf(manifest, readFolder(folder), { branch, server }));
  if (options.print === true) return out.isJson ? out.json({ ci, text }) : void out.stdout.write(text);
  const file = resolve(folder, options.output ?? places[ci]);
  if (existsSync(file) && options.force !== true) {
    throw new LotseError('conflict', `${shownPath(file, cwd)} is there already`, {
      hint: '`--output` writes to another place, `--print` shows what would be written, `--force` replaces it.',
    });
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  if (out.isJson) return out.json({ ci, file, text });
  out.line(`${out.paint(out.symbols.done, 'green')} ${shownPath(file, cwd)}`);
}

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol)) return text.replace(/\/+$/, '');
  throw new LotseError('bad-input', 'a pipeline has to know where the control plane is', {
    hint: 'Add --server https://lotse.example.',
  });
}
