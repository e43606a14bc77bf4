import readExif from 'exif-reader';
import type { Facts } from '../model/picture.ts';

type CameraFacts = Pick<Facts, 'takenAt' | 'camera' | 'lens' | 'exposure' | 'hasLocation'>;

const nothing: CameraFacts = { takenAt: null, camera: null, lens: null, exposure: null, hasLocation: false };

/** What the camera wrote into the picture (Exif 2.32). Broken Exif is common, and no reason to refuse a picture. */
export function readCameraFacts(exif: Buffer | undefined): CameraFacts {
  if (exif === undefined) return nothing;
  try {
    const { Image: image, Photo: photo, GPSInfo: place } = readExif(exif);
    return {
      takenAt: dateText(photo?.DateTimeOriginal),
      camera: cameraName(plainText(image?.Make), plainText(image?.Model)),
      lens: plainText(photo?.LensModel),
      exposure: exposureText(photo?.ExposureTime, photo?.FNumber, photo?.ISOSpeedRatings, photo?.FocalLength),
      hasLocation: place?.GPSLatitude !== undefined,
    };
  } catch {
    return nothing;
  }
}

/** Makers often repeat their name in the model. */
function cameraName(make: string | null, model: string | null): string | null {
  if (make === null || model === null) return model ?? make;
  const [brand = make] = make.split(' ');
  return model.toLowerCase().startsWith(brand.toLowerCase()) ? model : `${make} ${model}`;
}

/** "1/250 s, f/2.8, ISO 200, 35 mm": of these what is there. */
function exposureText(seconds: unknown, aperture: unknown, iso: unknown, focalLength: unknown): string | null {
  const parts = [
    isPositive(seconds) ? `${seconds < 1 ? `1/${Math.round(1 / seconds)}` : seconds} s` : '',
    isPositive(aperture) ? `f/${aperture}` : '',
    isPositive(iso) ? `ISO ${iso}` : '',
    isPositive(focalLength) ? `${Math.round(focalLength)} mm` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? null : parts.join(', ');
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

/** Printable and of a bearable length: this text comes from a stranger's file. */
function plainText(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  // oxlint-disable-next-line no-control-regex -- removing them is the point
  const text = value.replace(/[\u0000-\u001f\u007f]/g, '').trim();
  return text === '' ? null : text.slice(0, 80);
}

/** A camera knows no time zone, so neither does this text: 2026-07-04T18:30:00. */
function dateText(value: unknown): string | null {
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString().slice(0, 19) : null;
}
