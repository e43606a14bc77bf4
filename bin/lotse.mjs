#!/usr/bin/env node
// The `lotse` command. In a clone it runs the TypeScript sources, in an installed package the compiled files.
import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { findRuntime, isAtLeast, noRuntimeMessage, oldestNodeVersion } from './runtime.mjs';
import { runInForeground } from './run-in-foreground.mjs';

const packageRoot = fileURLToPath(new URL('..', import.meta.url));
const sources = join(packageRoot, 'src', 'cli', 'lotse.ts');
const entry = existsSync(sources) ? sources : join(packageRoot, 'dist', 'cli', 'lotse.js');

if (isAtLeast(process.version, oldestNodeVersion)) {
  // No process in between: a service manager that starts this file sees the control plane itself.
  process.argv[1] = entry;
  await import(pathToFileURL(entry).href);
} else {
  const runtime = findRuntime(packageRoot);
  if (runtime === undefined) {
    console.error(noRuntimeMessage());
    process.exitCode = 1;
  } else {
    process.exitCode = await runInForeground(runtime.path, [entry, ...process.argv.slice(2)]);
  }
}
