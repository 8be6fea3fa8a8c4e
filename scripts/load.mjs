// Uploads to `filigrane serve` at once, as its page sends them (tus), and what the server has to say then.
//   node scripts/load.mjs PROGRAM CLIP [UPLOADS] [MEGABYTES]   prints a table as Markdown
import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";

const [program, clip, count = "200", megabytes = "5"] = process.argv.slice(2);
const home = mkdtempSync(path.join(os.tmpdir(), "filigrane-load-"));
const environment = { ...process.env, FILIGRANE_HOME: home };
const body = Buffer.concat([readFileSync(clip), Buffer.alloc(Number(megabytes) * 1e6)]).subarray(0, Number(megabytes) * 1e6);

function serve(options) {
  const child = spawn(program, ["serve", "--json", "--quiet", "--listen", "127.0.0.1:0", "--rate", "100000", ...options], { env: environment, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  return new Promise((done) => child.stdout.on("data", (piece) => {
    text += piece;
    try { done({ child, address: JSON.parse(text).listening }); } catch { /* not whole yet */ }
  }));
}

function ask(address, method, url, headers = {}, data, slowly = false) {
  return new Promise((done, fail) => {
    const request = http.request(new URL(url, address), { method, agent: false, headers: { "Tus-Resumable": "1.0.0", ...headers } }, (answer) => {
      const pieces = [];
      answer.on("data", (piece) => pieces.push(piece));
      answer.on("end", () => {
        if (!request.writableEnded) request.destroy();
        done({ status: answer.statusCode, headers: answer.headers, text: Buffer.concat(pieces).toString() });
      });
    });
    // The server may refuse and close before all was sent; what it said is lost then, and it is asked again a little later.
    request.on("error", (error) => (data && ["EPIPE", "ECONNRESET"].includes(error.code) ? done({ status: 429, headers: { "retry-after": "1" } }) : fail(error)));
    if (slowly) send(request, data);
    else request.end(data);
  });
}
// As over a line of 1 MB/s: in pieces, so that all uploads are under way at once.
function send(request, data, from = 0) {
  if (request.destroyed || request.res) return;
  const next = from + 5e5;
  request.write(data.subarray(from, next));
  if (next >= data.length) request.end();
  else setTimeout(() => send(request, data, next), 500);
}
const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
const peak = (pid) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;

let refused = 0;
let without = 0;
async function insist(work) {
  for (;;) {
    const answer = await work();
    if (answer.status !== 429) return answer;
    refused += 1;
    if (!Number(answer.headers["retry-after"])) without += 1;
    await pause(Number(answer.headers["retry-after"]) || 1);
  }
}
async function upload(address) {
  const announced = await insist(() => ask(address, "POST", "/v1/uploads", { "Upload-Length": body.length }));
  if (announced.status !== 201) throw new Error(`${announced.status} ${announced.text}`);
  const place = announced.headers.location;
  const headers = { "Upload-Offset": 0, "Content-Type": "application/offset+octet-stream", "Content-Length": body.length };
  const sent = await insist(() => ask(address, "PATCH", place, headers, body, true));
  if (sent.status !== 204) throw new Error(`${sent.status} ${sent.text}`);
  return place.split("/").pop();
}

// All uploads at once, then kill -9, a new start, and a look for each.
async function storm(options) {
  refused = 0;
  let { child, address } = await serve(options);
  const before = peak(child.pid);
  const start = performance.now();
  const ids = await Promise.all(Array.from({ length: Number(count) }, () => upload(address)));
  const seconds = (performance.now() - start) / 1000;
  const memory = peak(child.pid);
  child.kill("SIGKILL");
  await new Promise((done) => child.once("exit", done));
  ({ child, address } = await serve(options));
  let kept = 0;
  for (const id of new Set(ids)) {
    const known = JSON.parse((await ask(address, "GET", `/v1/clips/${id}`)).text);
    if (["queued", "running", "done"].includes(known.state) && known.size === body.length) kept += 1;
  }
  child.kill("SIGKILL");
  await new Promise((done) => child.once("exit", done));
  rmSync(path.join(home, "newsroom"), { recursive: true });
  return [kept, seconds.toFixed(1), refused, before.toFixed(0), memory.toFixed(0)];
}

const storms = [await storm([]), await storm(["--uploads", "4"])];
let { child, address } = await serve([]);
const idle = peak(child.pid);
const large = Number(process.env.LARGE_MEGABYTES ?? 2000) * 1e6;
const place = (await ask(address, "POST", "/v1/uploads", { "Upload-Length": large })).headers.location;
let start = performance.now();
const streamed = await new Promise((done, fail) => {
  const headers = { "Tus-Resumable": "1.0.0", "Upload-Offset": 0, "Content-Type": "application/offset+octet-stream", "Content-Length": large };
  const request = http.request(new URL(place, address), { method: "PATCH", agent: false, headers }, (answer) => done(answer.statusCode));
  request.on("error", fail);
  let left = large;
  const piece = Buffer.alloc(1e6);
  const more = () => {
    while (left > 0) {
      left -= piece.length;
      if (!request.write(piece)) return request.once("drain", more);
    }
    return request.end();
  };
  more();
});
const largeSeconds = (performance.now() - start) / 1000;
const largeMemory = peak(child.pid);
await ask(address, "DELETE", `/v1/clips/${place.split("/").pop()}`);
const times = [];
for (let round = 0; round < 3; round++) {
  start = performance.now();
  const sent = await ask(address, "POST", "/v1/clips?name=clip.mp4", { "Content-Type": "video/mp4" }, readFileSync(clip));
  const { id } = JSON.parse(sent.text);
  for (;;) {
    const known = JSON.parse((await ask(address, "GET", `/v1/clips/${id}`)).text);
    if (known.state === "done") break;
    await pause(0.02);
  }
  const page = (performance.now() - start) / 1000;
  start = performance.now();
  try { execFileSync(program, ["verify", "--json", "--quiet", clip], { env: environment, stdio: "ignore" }); } catch { /* the verdict's exit status */ }
  times.push([page, (performance.now() - start) / 1000]);
}
child.kill("SIGTERM");
await new Promise((done) => child.once("exit", done));
rmSync(home, { recursive: true });

const median = (values) => values.sort((one, other) => one - other)[Math.floor(values.length / 2)];
const ratio = median(times.map(([page, alone]) => page / alone));
const [one, other] = storms;
console.log(`| ${count} uploads of ${megabytes} MB at once | as it is | with --uploads 4 |`);
console.log("|---|---|---|");
console.log(`| accepted, and still there after kill -9 and a new start | ${one[0]} | ${other[0]} |`);
console.log(`| time until all were accepted, s | ${one[1]} | ${other[1]} |`);
console.log(`| answers 429 on the way, all with Retry-After | ${one[2]} | ${other[2]} |`);
console.log(`| most memory of the server, MB (before: ${one[3]}) | ${one[4]} | ${other[4]} |`);
console.log();
console.log("| one at a time | figure |");
console.log("|---|---|");
console.log(`| an upload of ${large / 1e6} MB (status ${streamed}), s | ${largeSeconds.toFixed(1)} |`);
console.log(`| most memory of the server then, MB (before: ${idle.toFixed(0)}) | ${largeMemory.toFixed(0)} |`);
console.log(`| from sending a clip to its verdict, over the command line's time (median of 3) | ${ratio.toFixed(2)} |`);
if (storms.some(([kept]) => kept !== Number(count)) || without) process.exit(1);
