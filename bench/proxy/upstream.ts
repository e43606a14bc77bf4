import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findProgram } from '../find-program.ts';
import { freePort } from '../free-port.ts';
import type { Contestant } from './contestant.ts';
import { makeFolder, startProgram } from './started-program.ts';

const source = fileURLToPath(new URL('upstream/upstream.c', import.meta.url));
const programInNode = fileURLToPath(new URL('upstream/upstream.mjs', import.meta.url));

/** What all proxies lead to. It must cost much less than any of them: in C where there is a compiler, else in Node. */
export async function startUpstream(core: number): Promise<Contestant> {
  const [port, folder, compiler] = [await freePort(), await makeFolder('upstream'), await findProgram('cc')];
  const program = join(folder, 'upstream');
  const isCompiled = compiler !== null && (await isBuilt(compiler, program));
  const command = isCompiled ? [program] : [process.execPath, programInNode];
  const started = await startProgram({ command: [...command, `${port}`], core, port, folder });
  return { name: isCompiled ? '(upstream alone, in C)' : '(upstream alone, in Node)', port, ...started };
}

async function isBuilt(compiler: string, program: string): Promise<boolean> {
  return await promisify(execFile)(compiler, ['-O2', '-o', program, source]).then(
    () => true,
    () => false,
  );
}
