// What every page of the sign-in does beside its forms. All of them work without it.
import { startSessionPolling } from "./authChecker.js";

const { otherTabs, attempt } = document.body.dataset;

// Somebody who signs in in another tab is signed in here.
startSessionPolling(otherTabs);

// The answer to a form is at the form's address, with a code that is good once. What this page asks next is where
// reloading and going back should lead.
const form = document.querySelector("form[action][method=post]");
const here = new URL(location);
if (form && here.searchParams.has("session_code")) {
  const next = new URL(form.getAttribute("action"), here);
  next.searchParams.delete("session_code");
  if (next.origin === here.origin) history.replaceState(null, "", next);
}

// A form is sent once, however often its button is pressed.
const sent = new WeakSet();
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  if (sent.has(event.target)) event.preventDefault();
  sent.add(event.target);
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-once-link]");
  if (!link) return;
  if (link.getAttribute("aria-disabled") === "true") event.preventDefault();
  link.setAttribute("aria-disabled", "true");
});
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// Two tabs that start at once begin two attempts, and the browser keeps the later one's cookie: the other tab begins anew.
// A page that was reloaded says nothing, or two tabs without cookies would reload each other for ever.
if (attempt) {
  const channel = new BroadcastChannel(`attempt ${location.pathname.split("/")[2]}`);
  channel.addEventListener("message", ({ data }) => data !== attempt && location.reload());
  if (performance.getEntriesByType("navigation")[0]?.type !== "reload") channel.postMessage(attempt);
}

for (const field of document.querySelectorAll("[aria-invalid=true]:not([aria-describedby])")) {
  const wrong = document.getElementById(`input-error-container-${field.id}`);
  if (wrong) field.setAttribute("aria-describedby", wrong.id);
}

// Pages that only lead on, once what they hold has loaded.
const onward = document.querySelector("[data-onward]");
if (onward) {
  const go = () => (onward.href ? location.replace(onward.href) : onward.requestSubmit());
  if (document.readyState === "complete") go();
  else addEventListener("load", go);
}
