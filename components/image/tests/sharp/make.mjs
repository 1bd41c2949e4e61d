// What Sharp makes of each case. Usage: node make.mjs FOLDER, where FOLDER/cases.json is a list of
// { source, steps, output }: `source` a file of the folder, `steps` a list of lists of calls
// [name, ...arguments], each list one pipeline. "@name" in an argument is a file of the folder.
// Writes FOLDER/OUTPUT as a PNG with alpha.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const require = createRequire(path.join(process.cwd(), "package.json"));
const sharp = require("sharp");
const folder = process.argv[2];

function resolve(value) {
  if (typeof value === "string" && value.startsWith("@")) {
    return path.join(folder, value.slice(1));
  }
  if (Array.isArray(value)) return value.map(resolve);
  if (value && typeof value === "object") {
    const pairs = Object.entries(value).map(([key, inner]) => [key, resolve(inner)]);
    return Object.fromEntries(pairs);
  }
  return value;
}

const cases = JSON.parse(fs.readFileSync(path.join(folder, "cases.json"), "utf8"));
for (const { source, steps, output } of cases) {
  let input = path.join(folder, source);
  try {
    for (const calls of steps) {
      let image = sharp(input).autoOrient();
      for (const [name, ...args] of calls) image = image[name](...args.map(resolve));
      input = await image.png({ compressionLevel: 1 }).toBuffer();
    }
    const last = sharp(input).toColourspace("srgb").ensureAlpha();
    await last.png({ compressionLevel: 1 }).toFile(path.join(folder, output));
  } catch (error) {
    console.error(`${output}: ${error.message}`);
    process.exitCode = 1;
  }
}
console.log(`Sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}`);
