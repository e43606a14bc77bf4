import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looksSecret } from './looks-secret.ts';

test('names say it', () => {
  for (const name of [
    'DB_PASSWORD',
    'PGPASSWORD',
    'sessionSecret',
    'API_KEY',
    'AWS_ACCESS_KEY_ID',
    'SMTP_PASS',
    'SENTRY_DSN',
  ]) {
    assert.ok(looksSecret(name, 'x'), name);
  }
});

test('values say it', () => {
  for (const value of [
    'postgres://app:word@db/app',
    'amqp://:word@mq',
    'sk_live_abcdefgh1234',
    'ghp_abcdefghijklmnop',
    'AKIAIOSFODNN7EXAMPLE',
    '-----BEGIN PRIVATE KEY-----',
    'eyJhbGciOi.eyJzdWIi.x',
    'Server=db;User Id=sa;Password=word;',
    '2b7e151628aed2a6abf7158809cf4f3c',
    'kJ8s9Lq2Zx7Vb4Nm1Qw5Er6T',
  ]) {
    assert.ok(looksSecret('VALUE', value), value);
  }
});

test('what everybody may read is none', () => {
  for (const [name, value] of [
    ['NODE_ENV', 'production'],
    ['PWD', '/app'],
    ['TOKEN_TTL', '15m'],
    ['DATABASE_URL', 'postgres://db:5432/shop'],
    ['PUBLIC_URL', 'https://shop.example/a/very/long/path/that/goes/on'],
    ['MAIL_FROM', 'hello@shop.example'],
    ['CLIENT', '123e4567-e89b-12d3-a456-426614174000'],
    ['FEATURES', 'new-checkout,old-search,very-long-name-of-something'],
    ['JAVA_OPTS', '-Xmx512m -XX:MaxRAMPercentage=75.0'],
  ] as const) {
    assert.ok(!looksSecret(name, value), name);
  }
});
