// Sends a file so that it can be sent on after the connection broke off: tus 1.0.0.

const VERSION = { "Tus-Resumable": "1.0.0" };
const PART = 32 * 1024 * 1024;
const PATIENCE = 10;

const encoded = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const pause = (seconds, signal) =>
  new Promise((done, fail) => {
    const timer = setTimeout(done, seconds * 1000);
    signal?.addEventListener("abort", () => { clearTimeout(timer); fail(signal.reason); }, { once: true });
  });

export class Refused extends Error {}

async function refused(status, text) {
  let detail = text;
  try { detail = JSON.parse(text).detail ?? text; } catch { /* no JSON: the text says it */ }
  return new Refused(detail || `status ${status}`);
}

// One part; XMLHttpRequest, because fetch tells nothing of how much has gone out.
function send(address, part, offset, signal, went) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open("PATCH", address);
    for (const [name, value] of Object.entries(VERSION)) request.setRequestHeader(name, value);
    request.setRequestHeader("Upload-Offset", offset);
    request.setRequestHeader("Content-Type", "application/offset+octet-stream");
    request.upload.onprogress = (event) => went(offset + event.loaded);
    request.onload = () => done(request);
    request.onerror = () => fail(new TypeError("connection"));
    signal.addEventListener("abort", () => { request.abort(); fail(signal.reason); }, { once: true });
    request.send(part);
  });
}

async function announce(file, fields, signal, told) {
  const metadata = Object.entries({ filename: file.name, ...fields })
    .map(([name, value]) => `${name} ${encoded(value)}`).join(",");
  for (;;) {
    const headers = { ...VERSION, "Upload-Length": file.size, "Upload-Metadata": metadata };
    const answer = await fetch("/v1/uploads", { method: "POST", headers, signal });
    if (answer.status === 201) return answer.headers.get("Location");
    if (answer.status !== 429) throw await refused(answer.status, await answer.text());
    told("waiting");
    await pause(Number(answer.headers.get("Retry-After")) || 5, signal);
  }
}

// Gives the name of the clip. `told` hears "sending", "waiting" and "broken", and how many bytes went out.
export async function upload(file, fields, signal, told) {
  const address = await announce(file, fields, signal, told);
  let offset = 0;
  let failures = 0;
  while (offset < file.size) {
    try {
      const answer = await send(address, file.slice(offset, offset + PART), offset, signal, (bytes) => told("sending", bytes));
      if (answer.status === 204) {
        offset = Number(answer.getResponseHeader("Upload-Offset"));
        failures = 0;
        continue;
      }
      if (answer.status === 429 || answer.status === 423) {
        told("waiting");
        await pause(Number(answer.getResponseHeader("Retry-After")) || 3, signal);
      } else if (answer.status !== 408 && answer.status !== 409 && answer.status < 500) {
        throw await refused(answer.status, answer.responseText);
      } else if (++failures > PATIENCE) {
        throw await refused(answer.status, answer.responseText);
      }
    } catch (error) {
      if (signal.aborted || error instanceof Refused || ++failures > PATIENCE) {
        fetch(address, { method: "DELETE", headers: VERSION }).catch(() => {});
        throw error;
      }
      told("broken");
    }
    if (failures) await pause(Math.min(2 ** failures, 30), signal);
    try {
      const known = await fetch(address, { method: "HEAD", headers: VERSION, signal });
      if (known.ok) offset = Number(known.headers.get("Upload-Offset"));
    } catch (error) {
      if (signal.aborted) throw error;
    }
  }
  return address.split("/").pop();
}
