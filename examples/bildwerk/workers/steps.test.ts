import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { makeStoryPictures } from '../test/story-pictures.ts';
import { readCameraFacts } from './camera-facts.ts';
import { kindOf } from './check-step.ts';
import { dominantColours } from './dominant-colours.ts';
import { widthsFor } from './sizes-step.ts';

test('a kind is told by the first bytes, whatever the name says', async () => {
  const image = sharp({ create: { width: 20, height: 20, channels: 3, background: '#2f6f6a' } });
  for (const [format, name] of [
    ['jpeg', 'JPEG'],
    ['png', 'PNG'],
    ['webp', 'WebP'],
    ['gif', 'GIF'],
    ['avif', 'AVIF'],
  ] as const) {
    assert.equal(kindOf(await image.clone().toFormat(format).toBuffer())?.format, name);
  }
  for (const text of ['', 'GIF', '<svg xmlns="http://www.w3.org/2000/svg"/>', 'RIFF....WAVE', '%PDF-1.7']) {
    assert.equal(kindOf(Buffer.from(text)), undefined, text);
  }
});

test('dominant colours are those that cover most, shades of one are one', () => {
  const pixel = (count: number, ...rgb: number[]) => Array.from({ length: count }, () => [...rgb, 255]).flat();
  const pixels = new Uint8ClampedArray([
    ...pixel(60, 200, 30, 30),
    ...pixel(30, 20, 20, 200),
    ...pixel(10, 205, 40, 35),
  ]);
  assert.deepEqual(dominantColours(pixels), [
    { hex: '#c81e1e', share: 0.7 },
    { hex: '#1414c8', share: 0.3 },
  ]);
  assert.deepEqual(dominantColours(new Uint8ClampedArray()), []);
});

test('camera facts: the maker once, exposure as photographers write it, broken Exif is none', async () => {
  const [photograph] = await makeStoryPictures();
  const { exif } = await sharp(photograph?.content).metadata();
  assert.deepEqual(readCameraFacts(exif), {
    takenAt: '2026-07-04T18:30:00',
    camera: 'Lotse Story 1',
    lens: null,
    exposure: '1/250 s, f/2.8, ISO 200',
    hasLocation: false,
  });
  const nothing = { takenAt: null, camera: null, lens: null, exposure: null, hasLocation: false };
  assert.deepEqual(readCameraFacts(exif?.subarray(0, 30)), nothing);
  assert.deepEqual(readCameraFacts(Buffer.from('Exif\0\0nonsense')), nothing);
  assert.deepEqual(readCameraFacts(undefined), nothing);
});

test('sizes are never wider than the original, and there is always one', () => {
  assert.deepEqual(widthsFor(4000), [320, 800, 1600]);
  assert.deepEqual(widthsFor(1600), [320, 800, 1600]);
  assert.deepEqual(widthsFor(1000), [320, 800, 1000]);
  assert.deepEqual(widthsFor(320), [320]);
  assert.deepEqual(widthsFor(100), [100]);
});
