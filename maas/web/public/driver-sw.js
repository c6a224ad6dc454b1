// Lets the driver's page start without the server: the page and its files are kept on the tablet.
const KEPT = "driver-1";
const BESIDE = ["/favicon.svg", "/driver.webmanifest"];

async function keep() {
  const cache = await caches.open(KEPT);
  const page = await fetch("/driver", { cache: "no-cache" });
  if (!page.ok) throw new Error(`no page: ${page.status}`);
  const html = await page.clone().text();
  const files = new Set(html.match(/\/assets\/[^"]+/g));
  // The files first: a page is kept only when all it needs is there.
  await cache.addAll([...files, ...BESIDE]);
  await cache.put("/driver", page);
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
    .then((names) => names.filter((name) => name.startsWith("driver-") && name !== KEPT))
    .then((names) => Promise.all(names.map((name) => caches.delete(name))));
  event.waitUntil(others.then(() => self.clients.claim()));
});

/** The page from the server, which may bring a new version along; without it the kept one. */
async function page(request) {
  try {
    const answer = await fetch(request);
    if (answer.ok) {
      await keep().catch(() => undefined);
      return answer;
    }
    return (await caches.match("/driver")) ?? answer;
  } catch {
    return (await caches.match("/driver")) ?? Response.error();
  }
}

self.addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.method !== "GET") return;
  if (event.request.mode === "navigate" && pathname === "/driver") {
    event.respondWith(page(event.request));
  } else if (pathname.startsWith("/assets/") || BESIDE.includes(pathname)) {
    event.respondWith(caches.match(event.request).then((kept) => kept ?? fetch(event.request)));
  }
});
