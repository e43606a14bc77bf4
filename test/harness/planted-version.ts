import assert from 'node:assert/strict';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

const repository = join(import.meta.dirname, '..', '..');

/** A change of one source file: a text that has to be in it, and what stands there instead. */
export interface Planted {
  readonly file: string;
  readonly instead: string;
  readonly of: string;
}

/**
 * Another version of Lotse in a folder of its own: today's sources with another number and these changes, and today's
 * packages. For tests it is the version to come, whatever git knows of versions that were.
 */
export async function plantVersion(folder: string, version: string, changes: readonly Planted[]): Promise<string> {
  const root = join(folder, `lotse-${version}`);
  await mkdir(root, { recursive: true });
  const isProgram = (path: string) => !path.endsWith('.test.ts') && basename(path) !== 'fixtures';
  for (const part of ['src', 'bin'])
    await cp(join(repository, part), join(root, part), { recursive: true, filter: isProgram });
  await symlink(join(repository, 'node_modules'), join(root, 'node_modules'));
  const text = await readFile(join(repository, 'package.json'), 'utf8');
  await writeFile(join(root, 'package.json'), text.replace(/"version": "[^"]+"/, `"version": "${version}"`));
  for (const change of changes) await plant(root, change);
  return root;
}

async function plant(root: string, { file, instead, of }: Planted): Promise<void> {
  const path = join(root, file);
  const text = await readFile(path, 'utf8').catch(() => '');
  assert.ok(of === '' || text.includes(of), `${file} has ${of}`);
  await writeFile(path, of === '' ? instead : text.replace(of, () => instead));
}

/** A migration after all that there are, which does this. */
export function plantMigration(name: string, statements: readonly string[]): readonly Planted[] {
  const lines = statements.map((statement) => `await sql.raw(${JSON.stringify(statement)}).execute(db as never);`);
  const file = `import { sql } from 'kysely';\nexport async function up(db: unknown): Promise<void> {\n${lines.join('\n')}\n}\n`;
  return [
    { file: `src/database/migrations/${name}.ts`, of: '', instead: file },
    {
      file: 'src/database/migrations/migrations.ts',
      of: '} as const satisfies',
      instead: `'${name}': planted,\n} as const satisfies`,
    },
    {
      file: 'src/database/migrations/migrations.ts',
      of: 'export const migrations',
      instead: `import * as planted from './${name}.ts';\nexport const migrations`,
    },
  ];
}

/** An event is written in a second form from then on, once this migration is settled. */
export function plantEventForm(migration: string): readonly Planted[] {
  return [
    {
      file: 'src/database/upcasters.ts',
      of: 'readonly Upcaster[] = [',
      instead: `readonly Upcaster[] = [
  { type: 'lotse-upgraded', from: 1, up: (payload) => ({ note: null, ...Object(payload) }),
    untilSettled: { migration: '${migration}', down: (payload) => { const { note, ...rest } = Object(payload); return rest; } } },`,
    },
    {
      file: 'src/capabilities/upgrades/upgrade-events.ts',
      of: 'return { type, version: 1, actor, reason, correlationId: null, payload };',
      instead: `const planted = type === 'lotse-upgraded';
  return { type, version: planted ? 2 : 1, actor, reason, correlationId: null, payload: planted ? { ...payload, note: 'new' } : payload };`,
    },
  ];
}

/** The control plane has done all but to open its API when this happens. */
export function plantAtStart(code: string): readonly Planted[] {
  const of = '  const url = await server.listen({ host, port });';
  return [{ file: 'src/main.ts', of, instead: `${code}\n${of}` }];
}
