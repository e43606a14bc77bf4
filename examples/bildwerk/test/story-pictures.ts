import sharp from 'sharp';

export type StoryPicture = {
  readonly name: string;
  readonly type: string;
  readonly content: Buffer<ArrayBuffer>;
  /** As it is seen, upright. */
  readonly width: number;
  readonly height: number;
  readonly widths: readonly number[];
  readonly camera: string | null;
};

/** Real pictures, made on the spot: a large photograph with Exif, taken with the camera turned, and a small drawing. */
export async function makeStoryPictures(): Promise<readonly StoryPicture[]> {
  const exif = {
    IFD0: { Make: 'Lotse', Model: 'Story 1' },
    IFD2: { DateTimeOriginal: '2026:07:04 18:30:00', FNumber: '28/10', ExposureTime: '1/250', ISOSpeedRatings: '200' },
  };
  const photograph = await sharp(Buffer.from(landscape(1400, 2000)))
    .rotate(-90)
    .jpeg({ quality: 85 })
    .withExif(exif)
    .withMetadata({ orientation: 6 })
    .toBuffer();
  const drawing = await sharp(Buffer.from(landscape(500, 300)))
    .png()
    .toBuffer();
  return [
    {
      name: 'Küste & Abend.jpg',
      type: 'image/jpeg',
      content: Buffer.from(photograph),
      width: 1400,
      height: 2000,
      widths: [320, 800, 1400],
      camera: 'Lotse Story 1',
    },
    {
      name: 'drawing.png',
      type: 'image/png',
      content: Buffer.from(drawing),
      width: 500,
      height: 300,
      widths: [320, 500],
      camera: null,
    },
  ];
}

/** An evening at the coast, as SVG. */
export function landscape(width: number, height: number): string {
  const at = (x: number, y: number) => `${Math.round(x * width)} ${Math.round(y * height)}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <defs><linearGradient id="sky" x2="0" y2="1">
      <stop offset="0" stop-color="#26456b"/><stop offset=".6" stop-color="#d98a63"/><stop offset="1" stop-color="#f3d6a4"/>
    </linearGradient></defs>
    <rect width="100%" height="100%" fill="url(#sky)"/>
    <circle cx="${width * 0.68}" cy="${height * 0.5}" r="${height * 0.07}" fill="#fff3d6"/>
    <path d="M${at(0, 0.6)} L${at(0.25, 0.42)} L${at(0.5, 0.6)} Z" fill="#3b3f52"/>
    <path d="M${at(0, 0.6)} H${width} V${height} H0 Z" fill="#2f6f6a"/>
    <path d="M${at(0, 0.8)} Q${at(0.5, 0.7)} ${at(1, 0.85)} V${height} H0 Z" fill="#173b3a"/>
  </svg>`;
}
