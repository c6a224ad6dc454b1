"""The bus between processes: one Redis Stream per shard of topics, one entry per tick.

Each shard lies in one slot, so that a Redis Cluster may spread them over its nodes.

Redis gives each tick its number and keeps the latest value of each key for processes that start
later.  It may vanish at any moment: ticks are then numbered here, under an epoch of our own, and
when it is back the state of both sides is merged.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Sequence
from typing import Any
from zlib import crc32

import msgspec
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException, RedisError

from busloc.hub import Hub, Since
from busloc.topic import Update

SHARDS = 16
TIMEOUT_S = 0.3
BLOCK_MS = 100
RETRY_S = 1.0
ENTRIES_KEPT = 4096
AWAY_MAX = 50_000

_log = logging.getLogger(__name__)

# KEYS: stream, numbers, epoch, values, order.  ARGV: topic, epoch if there is none yet, entries
# kept, keys kept, "1" to send only what is not there, the tick; then key, "1" when gone, fragment
# of each update.
_SEND = """
if ARGV[5] == '1' and redis.call('HEXISTS', KEYS[4], ARGV[7]) == 1 then return 0 end
local epoch = redis.call('GET', KEYS[3])
if not epoch then epoch = ARGV[2]; redis.call('SET', KEYS[3], epoch) end
local seq = redis.call('HINCRBY', KEYS[2], ARGV[1], 1)
for i = 7, #ARGV, 3 do
  if ARGV[i + 1] == '1' then
    redis.call('HDEL', KEYS[4], ARGV[i]); redis.call('ZREM', KEYS[5], ARGV[i])
  else
    redis.call('HSET', KEYS[4], ARGV[i], ARGV[i + 2])
    redis.call('ZADD', KEYS[5], seq * 10000 + i, ARGV[i])
  end
end
while redis.call('ZCARD', KEYS[5]) > tonumber(ARGV[4]) do
  redis.call('HDEL', KEYS[4], redis.call('ZPOPMIN', KEYS[5])[1])
end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], '*',
           't', ARGV[1], 'e', epoch, 's', seq, 'u', ARGV[6])
return seq
"""

# KEYS: stream, numbers, epoch.  ARGV: what the names of values and of order begin with, epoch if
# there is none yet.
_LOAD = """
redis.call('SET', KEYS[3], ARGV[3], 'NX')
local entry = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local topics = {}
local numbers = redis.call('HGETALL', KEYS[2])
for i = 1, #numbers, 2 do
  local keys = redis.call('ZRANGE', ARGV[2] .. numbers[i], 0, -1)
  local values = {}
  for j, key in ipairs(keys) do
    values[#values + 1] = key
    values[#values + 1] = redis.call('HGET', ARGV[1] .. numbers[i], key) or ''
  end
  topics[#topics + 1] = {numbers[i], numbers[i + 1], values}
end
return {entry[1] and entry[1][1] or '0-0', redis.call('GET', KEYS[3]), topics}
"""

_updates = msgspec.msgpack.Decoder(list[Update])


AnyRedis = Redis | RedisCluster
AWAY = (RedisError, RedisClusterException, OSError)
"""What a Redis that does not answer raises."""


def connect(url: str) -> AnyRedis:
    """Return a client that gives up at once instead of retrying for seconds.

    `redis+cluster://HOST:PORT` (or `rediss+cluster`) names any node of a Redis Cluster.
    """
    at_once: dict[str, Any] = {
        "socket_timeout": TIMEOUT_S,
        "socket_connect_timeout": TIMEOUT_S,
        "retry": Retry(NoBackoff(), 0),
    }
    scheme, _, rest = url.partition("://")
    if scheme.endswith("+cluster"):
        plain = f"{scheme.removesuffix('+cluster')}://{rest}"
        return RedisCluster.from_url(plain, **at_once)
    return Redis.from_url(url, **at_once)


class _GapError(Exception):
    """Entries were dropped before we read them, or Redis has lost its memory."""


class RedisBus:
    """See ``busloc.ports.Bus``.  ``connected`` says whether other processes hear us."""

    def __init__(
        self, hub: Hub, redis: AnyRedis, *, prefix: str = "busloc", retry_s: float = RETRY_S
    ) -> None:
        self._hub = hub
        self._redis = redis
        self._prefix = prefix
        self._retry_s = retry_s
        self._outbox: list[tuple[str, list[Update], bool]] = []
        self._news = asyncio.Event()
        self._posted = 0
        self._taken = 0
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._read_ids: dict[str, str] = {}
        self._epochs = [""] * SHARDS
        self._numbers: dict[str, Since] = {}
        self._away: dict[tuple[str, str], Update] = {}
        self._coming: dict[tuple[str, str], Update] = {}
        self._local_epoch = ""
        self._local_seqs: Counter[str] = Counter()
        self.connected = False
        hub.send = self.send
        hub.origin = self._origin

    def send(self, topic: str, updates: Sequence[Update]) -> None:
        """See ``busloc.ports.Bus.send``."""
        if self.connected:
            self._post(topic, updates)
        else:
            self._deliver_here(topic, updates)

    async def taken(self) -> None:
        """Wait until Redis has the ticks sent so far; while it is away, those here have them."""
        if self._taken < self._posted:
            done = asyncio.get_running_loop().create_future()
            self._waiting.append((self._posted, done))
            await done

    async def run(self) -> None:
        """Carry ticks until cancelled, through every loss of Redis."""
        self._go_local()
        while not cancelled():
            try:
                await self._load()
                if not cancelled():
                    await self._carry()
            # Whatever it was: under uvloop a line that is cut while it is written to raises
            # RuntimeError, and whoever does not go on stays alone for good.
            except Exception as lost:
                _log.warning("redis bus interrupted: %s: %s", type(lost).__name__, lost)
            finally:
                self._go_local()
            await asyncio.sleep(self._retry_s)

    # Alone

    def _go_local(self) -> None:
        """Number ticks here from now on, beginning with those Redis may not have taken."""
        self.connected = False
        self._local_epoch = f"local-{secrets.token_hex(6)}"
        self._local_seqs.clear()
        outbox, self._outbox = self._outbox, []
        for topic, updates, _ in outbox:
            self._deliver_here(topic, updates)
        self._note_taken(self._posted)

    def _deliver_here(self, topic: str, updates: Sequence[Update]) -> None:
        self._away.update({(topic, update.key): update for update in updates})
        while len(self._away) > AWAY_MAX:
            del self._away[next(iter(self._away))]
        self._local_seqs[topic] += 1
        self._hub.deliver(topic, self._local_epoch, self._local_seqs[topic], updates)

    # Together

    async def _load(self) -> None:
        """Take over the state Redis holds, then add what happened here meanwhile."""
        loaded = [await self._load_shard(shard) for shard in range(SHARDS)]
        self._epochs = [epoch for _, epoch, _ in loaded]
        held = {topic: (seq, values) for _, _, topics in loaded for topic, seq, values in topics}
        away, self._away = self._away, {}
        lost = {key: update for key, update in self._lost_by_redis().items() if key not in away}
        for shard, (read_id, _, _) in enumerate(loaded):
            self._read_ids[self._name(shard, "stream")] = read_id
        self._numbers = {topic: (self._epoch(topic), seq) for topic, (seq, _) in held.items()}
        for topic in {*held, *self._hub.topics()}:
            seq, values = held.get(topic, (0, {}))
            merged = _with(_with({}, topic, lost) | values, topic, away)
            self._hub.restore(topic, self._epoch(topic), seq, merged)
        self.connected = True
        self._coming = away
        for (topic, _), update in lost.items():
            self._post(topic, (update,), if_absent=True)
        for (topic, _), update in away.items():
            self._post(topic, (update,))

    def _post(self, topic: str, updates: Sequence[Update], *, if_absent: bool = False) -> None:
        self._outbox.append((topic, list(updates), if_absent))
        self._posted += 1
        self._news.set()

    def _lost_by_redis(self) -> dict[tuple[str, str], Update]:
        """Return our values of the topics that Redis held and has forgotten since."""
        return {
            (topic, key): Update(key, fragment)
            for topic, (epoch, _) in self._numbers.items()
            if epoch != self._epoch(topic)
            for key, fragment in self._hub.values(topic).items()
        }

    async def _load_shard(
        self, shard: int
    ) -> tuple[str, str, list[tuple[str, int, dict[str, bytes]]]]:
        keys = [self._name(shard, part) for part in ("stream", "numbers", "epoch")]
        starts = [self._name(shard, "values:"), self._name(shard, "order:"), secrets.token_hex(6)]
        answer: Any = self._redis.eval(_LOAD, len(keys), *keys, *starts)
        read_id, epoch, topics = await answer
        return (
            read_id.decode(),
            epoch.decode(),
            [(topic.decode(), int(seq), _pairs(values)) for topic, seq, values in topics],
        )

    async def _carry(self) -> None:
        """Write and read until one of the two fails."""
        # Not a TaskGroup: before Python 3.13 it loses a cancellation that meets a failure.
        work = [self._write(), *(self._read(names) for names in self._read_together())]
        tasks = [asyncio.create_task(each) for each in work]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _read_together(self) -> list[list[str]]:
        """Return the streams by which of them one command may read: in a cluster one slot's."""
        names = list(self._read_ids)
        return [[name] for name in names] if isinstance(self._redis, RedisCluster) else [names]

    async def _write(self) -> None:
        while not cancelled():
            await self._news.wait()
            self._news.clear()
            sending = len(self._outbox)
            async with self._redis.pipeline(transaction=False) as pipe:
                for topic, updates, if_absent in self._outbox[:sending]:
                    keys = self._keys(topic)
                    arguments = self._arguments(topic, updates, if_absent=if_absent)
                    # Its text, not its hash: a replica that takes over does not know it yet.
                    pipe.eval(_SEND, len(keys), *keys, *arguments)
                await pipe.execute()
            del self._outbox[:sending]
            self._note_taken(self._posted - len(self._outbox))

    def _note_taken(self, number: int) -> None:
        self._taken = number
        for wanted, done in self._waiting:
            if wanted <= number and not done.done():
                done.set_result(None)
        self._waiting = [each for each in self._waiting if each[0] > number]

    async def _read(self, names: Sequence[str]) -> None:
        while not cancelled():
            after: Any = {name: self._read_ids[name] for name in names}
            answer: Any = await self._redis.xread(after, block=BLOCK_MS)
            for stream, entries in answer or ():
                for read_id, entry in entries:
                    self._read_ids[stream.decode()] = read_id.decode()
                    self._take(entry)

    def _take(self, entry: dict[bytes, bytes]) -> None:
        topic, epoch, seq = entry[b"t"].decode(), entry[b"e"].decode(), int(entry[b"s"])
        known_epoch, known_seq = self._origin(topic)
        if (known_epoch, known_seq + 1) != (epoch, seq):
            raise _GapError(topic)
        self._numbers[topic] = epoch, seq
        updates = _updates.decode(entry[b"u"])
        self._hub.deliver(topic, epoch, seq, [u for u in updates if not self._outdated(topic, u)])

    def _outdated(self, topic: str, update: Update) -> bool:
        """Say whether what we sent of a key, newer, is still to come round."""
        ours = self._coming.get((topic, update.key))
        if ours == update:
            del self._coming[topic, update.key]
        return ours is not None and ours != update

    def _origin(self, topic: str) -> Since:
        if self.connected:
            return self._numbers.get(topic, (self._epoch(topic), 0))
        return self._local_epoch, self._local_seqs[topic]

    def _epoch(self, topic: str) -> str:
        return self._epochs[_shard(topic)]

    def _name(self, shard: int, part: str) -> str:
        return f"{self._prefix}:{{{shard}}}:{part}"

    def _keys(self, topic: str) -> list[str]:
        shard = _shard(topic)
        parts = ("stream", "numbers", "epoch", f"values:{topic}", f"order:{topic}")
        return [self._name(shard, part) for part in parts]

    def _arguments(
        self, topic: str, updates: Sequence[Update], *, if_absent: bool
    ) -> list[bytes | str | int]:
        each = (part for u in updates for part in (u.key, "1" if u.gone else "0", u.fragment))
        kept = self._hub.keys_kept(topic)
        tick = msgspec.msgpack.encode(updates)
        return [topic, secrets.token_hex(6), ENTRIES_KEPT, kept, int(if_absent), tick, *each]


def cancelled() -> bool:
    """Say whether this task was cancelled: redis-py swallows it while it reads an answer."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _shard(topic: str) -> int:
    return crc32(topic.encode()) % SHARDS


def _pairs(flat: Sequence[bytes]) -> dict[str, bytes]:
    return {key.decode(): value for key, value in zip(flat[::2], flat[1::2], strict=True)}


def _with(
    values: dict[str, bytes], topic: str, away: dict[tuple[str, str], Update]
) -> dict[str, bytes]:
    """Return the values of a topic with what happened here since, so that none goes back."""
    merged = dict(values)
    for (away_topic, key), update in away.items():
        if away_topic == topic:
            merged.pop(key, None)
            if not update.gone:
                merged[key] = update.fragment
    return merged
