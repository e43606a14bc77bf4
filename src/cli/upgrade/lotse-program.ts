import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { LotseError } from '../../core/errors.ts';
import { runProgram } from '../run-program.ts';

/** Lotse as it lies in a folder: a clone or a package. All paths are absolute. */
export const lotseProgram = z.object({
  root: z.string(),
  version: z.string(),
  /** The Node.js binary that runs it. */
  nodePath: z.string(),
  mainFile: z.string(),
});
export type LotseProgram = Readonly<z.infer<typeof lotseProgram>>;

const packageShape = z.object({ name: z.literal('lotse'), version: z.string() });

/** The one that this file belongs to. */
export function ownProgram(): LotseProgram {
  return readProgram(fileURLToPath(new URL('../../..', import.meta.url)), process.execPath);
}

/** Error: `bad-input` when there is no Lotse in that folder. `nodePath`: instead of the Node.js that lies there. */
export function readProgram(folder: string, nodePath?: string): LotseProgram {
  const read = packageShape.safeParse(readJson(join(folder, 'package.json')));
  const root = existsSync(folder) ? realpathSync(folder) : folder;
  const mainFile = [join(root, 'src', 'main.ts'), join(root, 'dist', 'main.js')].find((file) => existsSync(file));
  if (!read.success || mainFile === undefined) {
    throw new LotseError('bad-input', `${folder} is no folder of Lotse`, {
      hint: 'It has package.json, bin and src of the version that you want, and node_modules beside them.',
    });
  }
  return { root, version: read.data.version, nodePath: nodePath ?? nodeOf(root), mainFile };
}

/** Whose main file this is. */
export function programOf(mainFile: string, nodePath: string): LotseProgram {
  return readProgram(dirname(dirname(mainFile)), nodePath);
}

/** A folder may hold the Node.js that its version was tested with. */
function nodeOf(root: string): string {
  const own = join(root, 'node_modules', '.bin', 'node');
  return existsSync(own) ? realpathSync(own) : process.execPath;
}

/** Its version; two of one version are told apart by where they lie. */
export function nameOf(program: LotseProgram, beside: LotseProgram | null): string {
  return program.version === beside?.version ? `${program.version} in ${program.root}` : program.version;
}

/** Error: `bad-input` when it does not say its version, with what it says instead. */
export async function refuseBroken({ root, version, nodePath }: LotseProgram): Promise<void> {
  const line = [nodePath, join(root, 'bin', 'lotse.mjs'), '--version'] as const;
  const said = await runProgram(line, { cwd: root, timeoutMs: 120_000 });
  if (said.exitCode === 0 && said.stdout.includes(version)) return;
  throw new LotseError('bad-input', `Lotse ${version} in ${root} does not start`, {
    hint: 'Has it all of its packages? `npm ci --omit=dev` in that folder brings them. Nothing was changed.',
    details: `${said.stdout}${said.stderr}`.trim().split('\n').slice(-12),
  });
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}
