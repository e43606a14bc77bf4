import { runProgram } from '../run-program.ts';
import { fail, ok, warn, type Check } from './check.ts';

/** As package.json promises it: `node:sqlite` without a flag. */
const oldestNode = [24, 15] as const;

export function checkNode(version: string, path: string): Check {
  const [major = 0, minor = 0] = version.replace('v', '').split('.').map(Number);
  const isEnough = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  const found = `${version.replace('v', '')}  ${path}`;
  return isEnough
    ? ok('Node', found)
    : fail('Node', found, `Lotse needs ${oldestNode.join('.')} or newer; \`npm ci\` brings it`);
}

interface Program {
  readonly name: string;
  readonly state: 'warn' | 'fail';
  readonly advice: string;
}

const programs: readonly Program[] = [
  { name: 'npm', state: 'fail', advice: 'builds of Node apps need it: https://nodejs.org/en/download' },
  { name: 'git', state: 'warn', advice: 'without it a release is made from a folder and belongs to no commit' },
  { name: 'tar', state: 'fail', advice: 'source is packed with it: apt-get install tar' },
];

export function checkPrograms(cwd: string): readonly Promise<Check>[] {
  return programs.map((program) => checkProgram(program, cwd));
}

async function checkProgram({ name, state, advice }: Program, cwd: string): Promise<Check> {
  const result = await runProgram([name, '--version'], { cwd, timeoutMs: 20_000 }).catch(() => null);
  if (result?.exitCode === 0) return ok(name, versionIn(result.stdout));
  return state === 'fail' ? fail(name, 'not found', advice) : warn(name, 'not found', advice);
}

function versionIn(text: string): string {
  return /\d+(?:\.\d+)+/.exec(text)?.[0] ?? (text.split('\n')[0] ?? '').trim();
}
