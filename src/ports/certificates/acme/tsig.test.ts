import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeName } from './dns-names.ts';
import { updateMessage } from './dns-update.ts';
import { parseTsigKey, problemOfAnswer, signMessage } from './tsig.ts';

// An update and its answer, signed by dnspython 2.3.0 with this key at this time.
const keyText = 'key "lotse-key" { algorithm hmac-sha256; secret "c2VjcmV0IGZvciB0ZXN0cyBvZiBUU0lHLCAzMiBieXQ="; };';
const timeS = 1_795_000_000;
const signedUpdate =
  '1234280000010000000100010473686f70076578616d706c6500000600010f5f61636d652d6368616c6c656e6765c00c' +
  '001000010000003c00100f67666a3958712e2e2e526738356e4d096c6f7473652d6b65790000fa00ff00000000003d0b' +
  '686d61632d7368613235360000006afd86c0012c0020151568c89f940699aed4f3ce0ebfe7d1d02e9a3b0ebf83ab15ab' +
  '8ea095551b74123400000000';
const updateMac = '151568c89f940699aed4f3ce0ebfe7d1d02e9a3b0ebf83ab15ab8ea095551b74';
const signedAnswer =
  '1234a8000000000000000001096c6f7473652d6b65790000fa00ff00000000003d0b686d61632d736861323536000000' +
  '6afd86c0012c002097b68063c93bb808b64a520507ea4e5b6fdb6d1afcf99dc6d0dba5fcb6a4b610123400000000';
/** Bytes of the record at the end of both. */
const tsigLength = 82;

const key = parseTsigKey(keyText, 'k');
const answer = Buffer.from(signedAnswer, 'hex');
const mac = Buffer.from(updateMac, 'hex');

test('a message is signed as another implementation signs it', () => {
  const unsigned = Buffer.from(Buffer.from(signedUpdate, 'hex').subarray(0, -tsigLength));
  unsigned.writeUInt16BE(0, 10);
  const made = signMessage(unsigned, key, timeS);
  assert.equal(made.signed.toString('hex'), signedUpdate);
  assert.equal(made.mac.toString('hex'), updateMac);
});

test('the answer of another implementation is verified, and none that was changed', () => {
  assert.equal(problemOfAnswer(answer, key, mac, timeS), null);
  for (let at = 0; at < answer.length; at += 1) {
    const changed = Buffer.from(answer);
    changed[at] = (changed[at] ?? 0) ^ 1;
    // The id of the message stands in the signature a second time; that one counts.
    if (at > 1) assert.notEqual(problemOfAnswer(changed, key, mac, timeS), null, `byte ${at}`);
  }
  for (let length = 0; length < answer.length; length += 1) {
    assert.notEqual(problemOfAnswer(answer.subarray(0, length), key, mac, timeS), null, `${length} bytes`);
  }
});

test('an answer to another question, with another key, or from another time is none', () => {
  const other = parseTsigKey(keyText.replace('c2Vj', 'c2Vk'), 'k');
  assert.match(problemOfAnswer(answer, key, Buffer.alloc(32), timeS) ?? '', /signed with another key/);
  assert.match(problemOfAnswer(answer, other, mac, timeS) ?? '', /signed with another key/);
  assert.match(problemOfAnswer(answer, key, mac, timeS + 301) ?? '', /clock/);
});

test('an update says what is added or removed, in the zone (RFC 2136)', () => {
  const change = { zone: 'shop.example', name: '_acme-challenge.shop.example', value: 'abc', ttlS: 60 } as const;
  const zone = Buffer.concat([encodeName('shop.example'), Buffer.from('00060001', 'hex')]);
  const add = updateMessage({ kind: 'add', ...change }, 7);
  const remove = updateMessage({ kind: 'remove', ...change }, 7);
  assert.equal(add.subarray(0, 12).toString('hex'), '000728000001000000010000');
  assert.deepEqual(add.subarray(12, 12 + zone.length), zone);
  assert.equal(add.subarray(-14).toString('hex'), '001000010000003c000403616263');
  assert.equal(remove.subarray(-14).toString('hex'), '001000fe00000000000403616263');
});

test('key files of BIND and Knot are read, with comments, and others are refused with a reason', () => {
  const commented = `# a key\n/* of ours */ ${keyText} // end`;
  assert.equal(parseTsigKey(commented, 'k').name, 'lotse-key');
  assert.equal(parseTsigKey(keyText.replace('c2Vj', 'c//j'), 'k').secret.reveal().slice(0, 4), 'c//j');
  assert.equal(parseTsigKey(keyText.replace('hmac-sha256', 'hmac-SHA512'), 'k').hash, 'sha512');
  assert.throws(() => parseTsigKey('hello', 'k.tsig'), { message: /k\.tsig cannot be used: it holds no `key/ });
  assert.throws(() => parseTsigKey(keyText.replace('sha256', 'md5'), 'k'), { message: /its algorithm is none of/ });
  assert.ok(!JSON.stringify(key).includes('c2Vj'));
});
