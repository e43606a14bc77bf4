import { execFile, type ExecFileException } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const actionShape = z.object({
  inputs: z.record(z.string(), z.object({ required: z.boolean().optional(), default: z.string().optional() })),
  outputs: z.record(z.string(), z.object({ value: z.string() })),
  runs: z.object({
    using: z.literal('composite'),
    steps: z.array(
      z.object({
        id: z.string(),
        shell: z.literal('bash'),
        'working-directory': z.string(),
        env: z.record(z.string(), z.string()),
        run: z.string(),
      }),
    ),
  }),
});

export interface ActionRun {
  readonly exitCode: number;
  /** Both outputs, as the log of the job has them. */
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
}

interface Job {
  /** The checkout. */
  readonly workspace: string;
  readonly scratch: string;
  /** All variables of the job. */
  readonly env: Readonly<Record<string, string>>;
  /** The context of that name: `sha`, `workflow`, … */
  readonly github: Readonly<Record<string, string>>;
}

/**
 * Runs a composite action as a runner does: inputs with their defaults, expressions of the form `${{ context.name }}`, each
 * step by bash as GitHub calls it, outputs from the file that GITHUB_OUTPUT names.
 */
export async function runAction(
  folder: string,
  given: Readonly<Record<string, string>>,
  { workspace, scratch, env, github }: Job,
): Promise<ActionRun> {
  const action = actionShape.parse(parse(readFileSync(join(folder, 'action.yml'), 'utf8')));
  const files = mkdtempSync(join(scratch, 'job-'));
  const [output, summary] = [join(files, 'output'), join(files, 'summary')];
  for (const file of [output, summary]) writeFileSync(file, '');
  const values = new Map(
    Object.entries({ ...github, action_path: folder }).map(([name, value]) => [`github.${name}`, value]),
  );
  for (const [name, input] of Object.entries(action.inputs)) {
    const value = given[name] ?? input.default;
    if (value === undefined) throw new Error(`the action needs the input ${name}`);
    values.set(`inputs.${name}`, evaluate(value, values));
  }
  let exitCode = 0;
  let log = '';
  for (const step of action.runs.steps) {
    const own = Object.entries(step.env).map(([name, text]) => [name, evaluate(text, values)] as const);
    const script = join(files, `${step.id}.sh`);
    writeFileSync(script, evaluate(step.run, values));
    const cwd = join(workspace, evaluate(step['working-directory'], values));
    const runner = { GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary, GITHUB_ACTIONS: 'true', CI: 'true' };
    const ran = await bash(script, cwd, { ...env, ...runner, ...Object.fromEntries(own) });
    log += ran.log;
    for (const [name, value] of outputsIn(output)) values.set(`steps.${step.id}.outputs.${name}`, value);
    exitCode = ran.exitCode;
    if (exitCode !== 0) break;
  }
  const outputs = Object.entries(action.outputs).map(([name, { value }]) => [name, evaluate(value, values)]);
  const said = existsSync(summary) ? readFileSync(summary, 'utf8') : '';
  return { exitCode, log, outputs: Object.fromEntries(outputs), summary: said };
}

/** What is not known is empty, as GitHub has it. */
function evaluate(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\{\{\s*([\w.-]+)\s*\}\}/g, (_, name: string) => values.get(name) ?? '');
}

function outputsIn(file: string): readonly (readonly [string, string])[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
}

async function bash(script: string, cwd: string, env: Readonly<Record<string, string>>) {
  return await new Promise<{ readonly exitCode: number; readonly log: string }>((resolve) => {
    const argv = ['--noprofile', '--norc', '-eo', 'pipefail', script];
    const options = { cwd, env, timeout: 240_000, maxBuffer: 16 * 1024 * 1024 };
    execFile('bash', argv, options, (error: ExecFileException | null, stdout, stderr) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? 1), log: `${stdout}\n${stderr}` }),
    );
  });
}
