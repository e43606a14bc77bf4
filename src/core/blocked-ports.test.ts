import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockedPorts } from './blocked-ports.ts';

/** What is blocked fails before anybody is asked. */
async function isBlocked(port: number): Promise<boolean> {
  const error: unknown = await fetch(`http://127.0.0.1:${port}/`).catch((thrown: unknown) => thrown);
  return error instanceof Error && error.cause instanceof Error && error.cause.message === 'bad port';
}

test('the fetch of this runtime refuses them', async () => {
  for (const port of blockedPorts) assert.equal(await isBlocked(port), true, String(port));
});
