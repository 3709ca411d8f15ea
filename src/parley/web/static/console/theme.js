// Runs before the first paint: the reader's own choice of theme, and the zone for "today" on the server.
(() => {
  try {
    const theme = localStorage.getItem("parley.theme");
    if (theme) document.documentElement.dataset.theme = theme;
  } catch {
    // Storage may be forbidden: the system's theme stands.
  }
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `parley_zone=${encodeURIComponent(zone)};path=/;max-age=31536000;samesite=lax`;
})();
