import type { Facts } from '../model/picture.ts';

type Colour = readonly [red: number, green: number, blue: number];
type Group = { sum: [number, number, number]; count: number };

const mostColours = 5;
/** Two colours nearer than this (of 441, black to white) are one to the eye of somebody who looks at a palette. */
const nearest = 60;

/** The colours that cover most of a picture, largest share first. `pixels`: RGBA, one byte each. */
export function dominantColours(pixels: Uint8ClampedArray): Facts['colours'] {
  const palette: { colour: Colour; count: number }[] = [];
  for (const group of bySize(pixels)) {
    const colour = mean(group);
    const near = palette.find((entry) => distance(entry.colour, colour) < nearest);
    if (near !== undefined) near.count += group.count;
    else palette.push({ colour, count: group.count });
  }
  const total = pixels.length / 4;
  return palette
    .sort((a, b) => b.count - a.count)
    .slice(0, mostColours)
    .map(({ colour, count }) => ({ hex: hexOf(colour), share: Math.round((count / total) * 1000) / 1000 }));
}

/** Pixels in cubes of 16 steps to a side, fullest cube first. */
function bySize(pixels: Uint8ClampedArray): readonly Group[] {
  const groups = new Map<number, Group>();
  for (let at = 0; at + 3 < pixels.length; at += 4) {
    const [red = 0, green = 0, blue = 0] = pixels.subarray(at, at + 3);
    const key = ((red >> 4) << 8) | ((green >> 4) << 4) | (blue >> 4);
    const group = groups.get(key) ?? { sum: [0, 0, 0], count: 0 };
    group.sum[0] += red;
    group.sum[1] += green;
    group.sum[2] += blue;
    group.count++;
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

const mean = ({ sum, count }: Group): Colour => [sum[0] / count, sum[1] / count, sum[2] / count];

const distance = (a: Colour, b: Colour): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

const hexOf = (colour: Colour): string =>
  `#${colour.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`;
