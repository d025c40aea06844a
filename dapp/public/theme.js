// Before the first paint, and a file of its own because the page allows no inline script.
try {
  const chosen = localStorage.getItem('stoa.theme');
  if (chosen) document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is off: the system's colours are used.
}
