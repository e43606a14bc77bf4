import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { editorSchema } from '../src/manifest/reference/json-schema.ts';
import { referencePage } from '../src/manifest/reference/reference-page.ts';

// Writes docs/reference/manifest.md and docs/reference/lotse.schema.json from the schema of lotse.yaml. With --check
// nothing is written: exit status 1 when a file is not what would be written.

const root = join(import.meta.dirname, '..');
const files = [
  { path: 'docs/reference/manifest.md', text: referencePage() },
  { path: 'docs/reference/lotse.schema.json', text: JSON.stringify(editorSchema()) },
];

const isCheck = process.argv.includes('--check');
for (const { path, text } of files) {
  const file = join(root, path);
  const wanted = await format(text, { ...(await resolveConfig(file)), filepath: file });
  if (isCheck) await check(file, path, wanted);
  else await write(file, wanted);
}

async function check(file: string, path: string, wanted: string): Promise<void> {
  const present = await readFile(file, 'utf8').catch(() => null);
  if (present === wanted) return;
  console.error(
    `${path} is ${present === null ? 'missing' : 'stale'}; run: node scripts/generate-manifest-reference.ts`,
  );
  process.exitCode = 1;
}

async function write(file: string, wanted: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, wanted);
}
