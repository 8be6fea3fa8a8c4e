// Follows the work on one video, and shows the verdict as soon as it is there.

const section = document.querySelector("[data-progress]");
const title = section.querySelector("h1");
const bar = section.querySelector("progress");
const steps = [...section.querySelectorAll("[data-step]")];

function show({ state, stage }) {
  const step = state === "running" ? stage?.name ?? "credentials" : state;
  const known = step === "opening" ? "credentials" : step;
  const words = section.dataset[known];
  if (words && title.textContent !== words) title.textContent = words;
  if (state === "running" && stage?.of) {
    bar.max = stage.of;
    bar.value = stage.done;
  } else {
    bar.removeAttribute("value");
  }
  const at = steps.findIndex((item) => item.dataset.step === (known === "queued" ? "receiving" : known));
  steps.forEach((item, index) => {
    item.classList.toggle("past", index < at);
    if (index === at) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  });
}

const source = new EventSource(section.dataset.progress);
source.addEventListener("progress", (event) => show(JSON.parse(event.data)));
source.addEventListener("end", () => {
  source.close();
  location.reload();
});
document.documentElement.classList.add("script");
