import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkManifest } from '../parse-manifest.ts';
import { formatProblem } from '../problem.ts';

function check(written: string) {
  const text = `app: shop\nservices: { web: { port: 3000${written} } }\n`;
  const { manifest, problems } = checkManifest(text, { file: 'f', hasDockerfile: false });
  return { stickiness: manifest?.services['web']?.stickiness, problems: problems.map(formatProblem) };
}

test('a visitor is known by a cookie, a header, the address, or not at all', () => {
  assert.deepEqual(check('').stickiness, { kind: 'cookie' });
  for (const kind of ['cookie', 'address', 'none'])
    assert.deepEqual(check(`, stickiness: ${kind}`).stickiness, { kind });
  const header = { kind: 'header', name: 'x-account' };
  assert.deepEqual(check(', stickiness: header X-Account').stickiness, header);
});

test('a header that Lotse writes or takes out itself is refused', () => {
  for (const name of ['lotse-bucket', 'X-Forwarded-For', 'x-request-id', 'cookie', 'connection'])
    assert.match(check(`, stickiness: header ${name}`).problems.join(), /does not tell one visitor from another/, name);
});

test('anything else is refused', () => {
  for (const written of ['header', 'header a b', 'sticky', 'header é', '1'])
    assert.match(check(`, stickiness: ${written}`).problems.join(), /expected cookie, address, none or `header`/);
});
