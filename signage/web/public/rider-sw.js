// The page of a ride opens without a connection, and notices come while it is closed.
const KEPT = "ride-1";
// The page is the same for every ride: it is kept under this address, never under one with a token.
const PAGE = "/r/-";

async function keep() {
  const cache = await caches.open(KEPT);
  const page = await fetch(PAGE, { cache: "no-cache" });
  const html = await page.clone().text();
  await cache.put(PAGE, page);
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
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.method !== "GET") return;
  if (event.request.mode === "navigate" && pathname.startsWith("/r/")) {
    const kept = () => caches.match(PAGE).then((page) => page ?? Response.error());
    event.respondWith(fetch(event.request).catch(kept));
  } else if (pathname.startsWith("/assets/")) {
    event.respondWith(
      fetch(event.request).catch(() => caches.match(event.request).then((file) => file ?? Response.error())),
    );
  }
});

self.addEventListener("push", (event) => {
  const { title, body, tag, lang, url } = event.data?.json() ?? {};
  event.waitUntil(self.registration.showNotification(title ?? "", { body, tag, lang, data: url }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  if (event.notification.data) event.waitUntil(self.clients.openWindow(event.notification.data));
});
