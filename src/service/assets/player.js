// The video, its timeline and its pictures move together; the keyboard steps frames.

document.documentElement.classList.add("script");
document.querySelector("[data-print]")?.addEventListener("click", () => print());
const explained = () => document.querySelectorAll(".term");
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.closest?.(".term")) event.target.blur();
});
for (const term of explained()) term.addEventListener("click", () => term.focus());

const look = document.querySelector("[data-player]");
if (look) follow(look);

function follow(look) {
  const video = look.querySelector("video");
  const output = look.querySelector("output");
  const frame = 1 / (Number(look.dataset.fps) || 25);
  const length = () => (Number.isFinite(video.duration) && video.duration) || Number(look.dataset.duration) || 0;
  const lines = [...look.querySelectorAll("svg.timeline")].map(playhead);
  const shots = [...look.querySelectorAll("[data-seek]")];

  const cannot = () => {
    look.querySelector(".cannot").hidden = false;
    look.querySelector(".keys").hidden = true;
    video.hidden = true;
  };
  video.addEventListener("error", cannot);
  video.addEventListener("loadedmetadata", () => { if (!video.videoWidth) cannot(); });
  if (video.error) cannot();

  const shown = () => {
    const time = video.currentTime;
    lines.forEach((line) => line(time, length()));
    output.textContent = `${time.toFixed(2)} s`;
  };
  const seek = (seconds) => {
    video.pause();
    video.currentTime = Math.max(0, Math.min(seconds, Math.max(0, length() - frame / 2)));
    // The line follows the hand at once; a busy browser tells of the seek much later.
    shown();
  };
  video.addEventListener("timeupdate", shown);
  video.addEventListener("seeking", shown);
  video.addEventListener("loadedmetadata", shown);

  for (const shot of shots) {
    shot.addEventListener("click", (event) => {
      event.preventDefault();
      seek(Number(shot.dataset.seek));
      video.focus();
    });
  }
  look.addEventListener("timeline", (event) => seek(event.detail * length()));
  // Before the browser's own controls get it, which move by other steps.
  look.addEventListener("keydown", (event) => {
    if (event.target.closest("a, button, input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? 1 : frame;
    if (event.key === "ArrowRight") seek(video.currentTime + step);
    else if (event.key === "ArrowLeft") seek(video.currentTime - step);
    else if (event.key === " " && event.target !== video) video.paused ? video.play() : video.pause();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
}

// Lays a line over a drawn timeline; a click or the arrow keys on it move the video.
function playhead(svg) {
  const space = "http://www.w3.org/2000/svg";
  const { width, height } = svg.viewBox.baseVal;
  const margin = Number(svg.dataset.margin) || 12;
  const line = document.createElementNS(space, "line");
  line.setAttribute("class", "playhead");
  line.setAttribute("y1", 22);
  line.setAttribute("y2", height - 24);
  svg.append(line);
  svg.classList.add("live");
  const move = (share) => {
    const x = margin + Math.max(0, Math.min(1, share)) * (width - 2 * margin);
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
  };
  move(0);
  svg.addEventListener("click", (event) => {
    const box = svg.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * width;
    const share = Math.max(0, Math.min(1, (x - margin) / (width - 2 * margin)));
    svg.dispatchEvent(new CustomEvent("timeline", { bubbles: true, detail: share }));
  });
  return (time, length) => move(length ? time / length : 0);
}
