import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pointAtGateway } from './loopback-variables.ts';

test('URLs on loopback with a port are pointed at the gateway; names of services are known from them', () => {
  const { variables, names } = pointAtGateway(
    {
      PICTURE_STORE_URL: 'http://127.0.0.1:8101/a?b=1',
      DATABASE_URL: 'postgres://me:127.0.0.1@localhost:5432/shop',
      SIX: 'ws://[::1]:80',
    },
    '10.213.7.1',
  );
  assert.deepEqual(variables, {
    PICTURE_STORE_URL: 'http://10.213.7.1:8101/a?b=1',
    DATABASE_URL: 'postgres://me:127.0.0.1@10.213.7.1:5432/shop',
    SIX: 'ws://10.213.7.1:80',
  });
  assert.deepEqual(names, ['picture-store', 'database']);
});

test('everything else stays as it is', () => {
  const plain = {
    A_URL: 'http://shop.example:80/?next=http://127.0.0.1:1/',
    B_URL: 'http://127.0.0.1.example:80/',
    C: '127.0.0.1:8101',
    D: 'http://localhost/',
  };
  assert.deepEqual(pointAtGateway(plain, '10.213.7.1'), { variables: plain, names: [] });
});
