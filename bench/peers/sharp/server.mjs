// Sharp as the peer of Lockgate's pictures: fetches the source from the origin over a kept
// connection, scales it, answers. One libvips thread, no cache of libvips: each picture is work.
//
// GET /pictures/NAME?w=W -> JPEG, quality 80. Usage: node server.mjs PORT ORIGIN_PORT
import http from "node:http";
import sharp from "sharp";

sharp.concurrency(1);
sharp.cache(false);

const [port, originPort] = process.argv.slice(2).map(Number);
const agent = new http.Agent({ keepAlive: true });

function fetchSource(path) {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port: originPort, path, agent };
    const request = http.get(options, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve(Buffer.concat(chunks)));
      response.on("error", reject);
    });
    request.on("error", reject);
  });
}

const server = http.createServer(async (request, response) => {
  try {
    const url = new URL(request.url, "http://localhost");
    const source = await fetchSource(url.pathname);
    const width = Number(url.searchParams.get("w"));
    const picture = await sharp(source)
      .rotate()
      .resize({ width })
      .jpeg({ quality: 80 })
      .toBuffer();
    response.writeHead(200, {
      "Content-Type": "image/jpeg",
      "Content-Length": picture.length,
    });
    response.end(picture);
  } catch (error) {
    console.error(error);
    response.writeHead(500, { "Content-Length": 0 });
    response.end();
  }
});
server.keepAliveTimeout = 3600_000;
server.listen(port, "127.0.0.1");
