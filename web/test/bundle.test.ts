import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

const dist = join(import.meta.dirname, '../dist');
const skip = existsSync(join(dist, 'index.html')) ? false : 'the page is not built: npm run build:web';
const firstLoadBytes = 150 * 1024;

/** The scripts that index.html names; all others are loaded later. */
function firstScripts(): readonly string[] {
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  return [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((match) => match[1] ?? '');
}

test('the scripts of the first load stay below 150 KB compressed', { skip }, () => {
  const scripts = firstScripts();
  assert.notEqual(scripts.length, 0);
  const bytes = scripts.reduce((sum, script) => sum + gzipSync(readFileSync(join(dist, script))).length, 0);
  assert.ok(bytes < firstLoadBytes, `${bytes} bytes`);
});

test('the schemas of the server are not in the page', { skip }, () => {
  const scripts = readdirSync(join(dist, 'assets')).filter((file) => file.endsWith('.js'));
  for (const script of scripts) {
    assert.doesNotMatch(readFileSync(join(dist, 'assets', script), 'utf8'), /ZodError|safeParse/);
  }
});

test('nothing in the page is inline', { skip }, () => {
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  assert.doesNotMatch(html, /<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=/);
});
