/** What a file is, by its first bytes and whatever its name says; in the words of a message. */

const formats: readonly { readonly name: string; readonly begin: RegExp }[] = [
  { name: "PNG", begin: /^\u0089PNG\r\n/ },
  { name: "JPEG", begin: /^\xff\xd8\xff/ },
  { name: "GIF", begin: /^GIF8[79]a/ },
  { name: "WebP", begin: /^RIFF[\s\S]{4}WEBP/ },
  { name: "AVIF or HEIF", begin: /^[\s\S]{4}ftyp(avif|avis|hei|hev|mif1|msf1)/ },
  { name: "TIFF", begin: /^(II\*\0|MM\0\*)/ },
  { name: "BMP", begin: /^BM/ },
  { name: "SVG", begin: /^\s*<(\?xml|svg)/ },
  { name: "an empty file", begin: /^$/ },
  { name: "nothing but zeros", begin: /^\0+$/ },
];

export function formatOf(bytes: Uint8Array): string {
  const begin = Buffer.from(bytes.subarray(0, 64)).toString("latin1");
  return formats.find((format) => format.begin.test(begin))?.name ?? "no image";
}
