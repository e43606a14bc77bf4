import assert from 'node:assert/strict';
import { it } from 'node:test';
import { document, environment, instance, revision, service } from '../fixtures/documents.ts';
import { DocumentText } from './document-text.ts';

it('a document as text says all that the document says, also where environments are the same as before', () => {
  const text = new DocumentText();
  const named = (name: string, port: number) =>
    environment([revision('one', [service([instance(port)])])], { environment: name, domains: [`${name}.test`] });
  const [staging, production] = [named('staging', 1), named('production', 2)];
  for (const environments of [[], [staging], [staging, production], [named('staging', 3), production], [production]]) {
    const whole = document(environments);
    assert.deepEqual(JSON.parse(text.of(whole)), JSON.parse(JSON.stringify(whole)));
  }
});
