// Lets a sign start without its server: the sign's page and files are kept on the device.
const KEPT = "sign-1";

async function keep() {
  const cache = await caches.open(KEPT);
  const page = await fetch("/signage/-", { cache: "no-cache" });
  const html = await page.clone().text();
  await cache.put("/signage/-", page);
  const files = new Set(html.match(/\/assets\/[^"]+/g));
  await cache.addAll([...files]);
  for (const old of await cache.keys()) {
    const { pathname } = new URL(old.url);
    if (pathname.startsWith("/assets/") && !files.has(pathname)) await cache.delete(old);
  }
}

self.addEventListener("install", (event) => {
  event.waitUntil(keep().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const others = caches
    .keys()
    .then((names) => Promise.all(names.filter((name) => name.startsWith("sign-") && name !== KEPT).map((name) => caches.delete(name))));
  event.waitUntil(others.then(() => self.clients.claim()));
});

/** A page from the server, which may bring a new version along; without it the kept one. */
async function page(request) {
  try {
    const answer = await fetch(request);
    if (answer.ok) await keep();
    return answer;
  } catch {
    return (await caches.match("/signage/-")) ?? Response.error();
  }
}

self.addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.method !== "GET") return;
  const sign = pathname.startsWith("/signage/") && !pathname.endsWith("/plain");
  if (event.request.mode === "navigate" && sign) event.respondWith(page(event.request));
  else if (pathname.startsWith("/assets/")) {
    event.respondWith(caches.match(event.request).then((kept) => kept ?? fetch(event.request)));
  }
});
