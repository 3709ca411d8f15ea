// Instants in the reader's own zone. The server writes them in UTC; the zone shows on hover.
const DAY = 86_400_000;
const lang = document.documentElement.lang || "en";
const format = (options) => new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, options);
const clock = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const seconds = format({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const day = format({ weekday: "short", day: "numeric", month: "short" });
const dayYear = format({ day: "numeric", month: "short", year: "numeric" });
const zoned = format({ dateStyle: "full", timeStyle: "long" });
const relative = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });

/** Whole calendar days from `a` to `b` in the reader's zone. */
function daysBetween(a, b) {
  const midnight = (d) => Date.UTC(d.getFullYear(), d.getMonth(), d.getDate());
  return Math.round((midnight(b) - midnight(a)) / DAY);
}

/** "today 14:05", "yesterday 09:12", "Thu 26 Nov 14:00", "3 Dec 2025 14:00". */
export function moment(at, now = new Date()) {
  const days = daysBetween(at, now);
  if (days === 0 || days === 1) return `${relative.format(-days, "day")} ${clock.format(at)}`;
  return `${at.getFullYear() === now.getFullYear() ? day.format(at) : dayYear.format(at)} ${clock.format(at)}`;
}

/** How long ago, for a running call: 0:07, 12:40, 1:02:09. */
export function age(at, now = new Date()) {
  const total = Math.max(0, Math.floor((now - at) / 1000));
  const parts = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  if (!parts[0]) parts.shift();
  return parts.map((part, index) => (index ? String(part).padStart(2, "0") : part)).join(":");
}

/** "in 3 days (Thu 26 Nov 14:00)", "in 5 hours (14:00)", "2 days ago (...)": for what has to be done by then. */
export function deadline(at, now = new Date()) {
  const days = daysBetween(now, at);
  const hours = Math.trunc((at - now) / 3_600_000);
  const minutes = Math.round((at - now) / 60_000);
  const far = Math.abs(hours) >= 24 ? relative.format(days, "day") : hours ? relative.format(hours, "hour") : relative.format(minutes, "minute");
  return `${far} (${date(at, now)} ${clock.format(at)})`;
}

const date = (at, now = new Date()) => (at.getFullYear() === now.getFullYear() ? day : dayYear).format(at);

const STYLES = {
  moment,
  deadline,
  date,
  clock: (at) => seconds.format(at),
  day: (at) => format({ weekday: "long", day: "numeric", month: "long" }).format(at),
  full: (at) => `${daysBetween(at, new Date()) === 0 ? relative.format(0, "day") : dayYear.format(at)} ${seconds.format(at)}`,
  age,
};

/** Rewrites every <time data-style> below `root`. */
export function show(root) {
  for (const element of root.querySelectorAll("time[data-style]")) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const text = (STYLES[element.dataset.style] ?? moment)(at);
    if (element.textContent !== text) element.textContent = text;
    if (!element.title) element.title = zoned.format(at);
  }
}

if (document.querySelector("time[data-style=age]") || document.getElementById("live")) setInterval(() => show(document), 1000);
