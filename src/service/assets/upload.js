// Drag and drop, and uploads that are sent on when the connection breaks off. Without it, the form does the work.
import { upload } from "./tus.js";

for (const form of document.querySelectorAll("form[data-upload]")) {
  const input = form.querySelector("input[type=file]");
  const list = form.querySelector(".sending");
  const texts = form.dataset;
  const most = Number(texts.most);

  const fields = () => Object.fromEntries([...new FormData(form)].filter(([, value]) => typeof value === "string" && value));

  function line(file) {
    const row = document.createElement("div");
    row.className = "sent";
    const name = document.createElement("bdi");
    name.textContent = file.name;
    const bar = document.createElement("progress");
    bar.max = file.size || 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    const words = document.createElement("span");
    words.textContent = texts.sending;
    const stop = document.createElement("button");
    stop.type = "button";
    stop.className = "quiet";
    stop.textContent = texts.stop;
    row.append(name, bar, words, stop);
    list.append(row);
    return { row, bar, words, stop };
  }

  async function one(file) {
    const shown = line(file);
    if (file.size > most) {
      shown.words.textContent = texts.large;
      shown.stop.remove();
      return null;
    }
    const controller = new AbortController();
    shown.stop.addEventListener("click", () => controller.abort());
    const told = (what, bytes) => {
      if (bytes !== undefined) shown.bar.value = bytes;
      shown.words.textContent = texts[what];
    };
    try {
      const id = await upload(file, fields(), controller.signal, told);
      const link = document.createElement("a");
      link.href = `/clips/${id}`;
      link.textContent = texts.done;
      shown.words.replaceChildren(link);
      shown.bar.value = shown.bar.max;
      return id;
    } catch (error) {
      if (controller.signal.aborted) shown.row.remove();
      else shown.words.textContent = `${texts.failed}: ${error.message}`;
      return null;
    } finally {
      shown.stop.remove();
    }
  }

  async function all(files) {
    if (!files.length) return;
    const waiting = [...files];
    const ids = [];
    const lane = async () => {
      while (waiting.length) ids.push(await one(waiting.shift()));
    };
    await Promise.all([lane(), lane(), lane()]);
    if (files.length === 1 && ids[0]) location.assign(`/clips/${ids[0]}`);
    else if (ids.every(Boolean)) location.assign("/clips");
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    all(input.files);
  });
  // Where more is to be said than which video, the button is pressed by hand.
  const atOnce = !form.querySelector("select");
  if (atOnce) input.addEventListener("change", () => all(input.files));
  form.addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add("over");
  });
  for (const name of ["dragleave", "drop"]) form.addEventListener(name, () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    if (atOnce) all(event.dataTransfer.files);
    else input.files = event.dataTransfer.files;
  });
}
document.documentElement.classList.add("script");
