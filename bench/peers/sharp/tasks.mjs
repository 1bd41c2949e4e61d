// Sharp as the peer of single pictures: one thread of libuv, one of libvips, no cache of libvips.
//
// One task a line of standard input, as JSON; one answer a line of standard output.
// {"make": {"file", "resize", "format", "options"}, "repeat", "output"}
//     makes the picture so often -> {"cpu_ms": mean CPU time of one (of the whole process, from
//     bytes in memory to bytes in memory), "bytes"}; the last goes to the file `output`.
// {"decode": FILE, "output": FILE}
//     writes the pixels as RGBA, 8 bits -> {"width", "height"}.
import fs from "node:fs";
import readline from "node:readline";
import sharp from "sharp";

sharp.concurrency(1);
sharp.cache(false);

const sources = new Map();

function source(file) {
  if (!sources.has(file)) sources.set(file, fs.readFileSync(file));
  return sources.get(file);
}

async function make({ make: task, repeat, output }) {
  const bytes = source(task.file);
  let made;
  const before = process.cpuUsage();
  for (let round = 0; round < repeat; round += 1) {
    made = await sharp(bytes)
      .rotate()
      .resize(task.resize)
      .toFormat(task.format, task.options)
      .toBuffer();
  }
  const { user, system } = process.cpuUsage(before);
  fs.writeFileSync(output, made);
  return { cpu_ms: (user + system) / 1000 / repeat, bytes: made.length };
}

async function decode({ decode: file, output }) {
  const { data, info } = await sharp(file)
    .toColourspace("srgb")
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  fs.writeFileSync(output, data);
  return { width: info.width, height: info.height };
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const task = JSON.parse(line);
  const answer = await (task.make ? make(task) : decode(task)).catch((error) => ({
    error: String(error),
  }));
  console.log(JSON.stringify(answer));
}
