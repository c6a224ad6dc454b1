// Lets a sign start without its server: the sign's page and files are kept on the device.
const KEPT = "sign-2";
const LATER_MS = 5000;

/** Keeps a file and those that it names: what the page fetches later must be there without a server. */
async function keepFile(cache, path, kept) {
  if (kept.has(path)) return;
  kept.add(path);
  let answer = await cache.match(path);
  if (!answer) {
    await cache.add(path);
    answer = await cache.match(path);
  }
  if (!path.endsWith(".js")) return;
  const names = (await answer.text()).match(/[\w.-]+-[\w-]{8}\.(?:js|css)\b/g) ?? [];
  await Promise.all(names.map((name) => keepFile(cache, `/assets/${name}`, kept)));
}

async function keep() {
  const cache = await caches.open(KEPT);
  const page = await fetch("/signage/-", { cache: "no-cache" });
  if (!page.ok) throw new Error(`no page: ${page.status}`);
  const html = await page.clone().text();
  const kept = new Set();
  // The files first: a page is kept only when all it needs is there.
  await Promise.all((html.match(/\/assets\/[^"]+/g) ?? []).map((path) => keepFile(cache, path, kept)));
  await cache.put("/signage/-", page);
  for (const old of await cache.keys()) {
    const { pathname } = new URL(old.url);
    if (pathname.startsWith("/assets/") && !kept.has(pathname)) await cache.delete(old);
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

/** The kept page at once: a network that is there but answers nothing must not leave a sign dark. */
async function page(event) {
  const kept = await caches.match("/signage/-");
  if (!kept) return fetch(event.request);
  // What is new is fetched when the page has come up: starting it is all the box can do at first.
  event.waitUntil(new Promise((done) => setTimeout(done, LATER_MS)).then(keep).catch(() => undefined));
  return kept;
}

/** The code of a stop: the server's while it answers, else the one that was seen last. */
async function code(request) {
  const cache = await caches.open(KEPT);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch {
    return (await cache.match(request)) ?? Response.error();
  }
}

// A page that is about to start anew has the newest version fetched first.
self.addEventListener("message", (event) => {
  const done = () => event.ports[0]?.postMessage("done");
  if (event.data === "keep") event.waitUntil(keep().then(done, done));
});

self.addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.method !== "GET") return;
  const sign = pathname.startsWith("/signage/") && !/\/(plain|epaper\.png)$/.test(pathname);
  if (event.request.mode === "navigate" && sign) event.respondWith(page(event));
  else if (/^\/signage\/[^/]+\/qr\.svg$/.test(pathname)) event.respondWith(code(event.request));
  else if (pathname.startsWith("/assets/")) {
    event.respondWith(caches.match(event.request).then((kept) => kept ?? fetch(event.request)));
  }
});
