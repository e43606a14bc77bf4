import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const script = fileURLToPath(new URL('../../scripts/pack-cli.ts', import.meta.url));

/** The file that `npm install` takes `lotse-cli` from, made in this folder. */
export async function packCli(folder: string): Promise<string> {
  const source = join(folder, 'lotse-cli');
  await run(process.execPath, [script, source], { timeout: 180_000 });
  const env = { PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`, HOME: folder };
  const { stdout } = await run('npm', ['pack', '--silent'], { cwd: source, env, timeout: 180_000 });
  return join(source, stdout.trim().split('\n').at(-1) ?? '');
}
