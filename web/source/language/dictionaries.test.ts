import assert from 'node:assert/strict';
import { test } from 'node:test';
import { de } from './de.ts';
import { en } from './en.ts';
import { preferredLanguage } from './start-language.ts';

type Words = { readonly [key: string]: string | Words };

function entries(words: Words, path = ''): readonly (readonly [string, string])[] {
  return Object.entries(words).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${path}${key}`, value] as const] : entries(value, `${path}${key}.`),
  );
}

const placeholders = (text: string) => [...new Set(text.match(/\{\{\w+\}\}/g))].sort();

test('German has the keys of English, with the same values to fill in', () => {
  const german = new Map(entries(de));
  const english = entries(en);
  assert.deepEqual([...german.keys()].sort(), english.map(([key]) => key).sort());
  for (const [key, text] of english) {
    const translated = german.get(key) ?? '';
    assert.notEqual(translated.trim(), '', key);
    assert.deepEqual(placeholders(translated), placeholders(text), key);
    assert.equal(translated.split('\n').length, text.split('\n').length, key);
  }
});

test('the language is the one chosen here, else the first of the browser that the page speaks', () => {
  assert.equal(preferredLanguage('de', ['en-GB']), 'de');
  assert.equal(preferredLanguage(null, ['fr', 'de-AT', 'en']), 'de');
  assert.equal(preferredLanguage('xx', ['fr']), 'en');
});
