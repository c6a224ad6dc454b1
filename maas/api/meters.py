"""What the parts beside the requests have counted, for Prometheus."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from busloc.io.history import History
from maas.api.service import Service
from maas.backed_up import last_backup
from maas.link.courier import Courier
from maas.notify.post import Post


@dataclass(frozen=True, eq=False)
class PartMeters(Collector):
    """Reads the counters of the hub, the gate and the history when asked."""

    service: Service
    history: History

    def collect(self) -> Iterator[Metric]:
        """Yield the present values."""
        hub, gate = self.service.hub, self.service.buses.live.gate
        yield GaugeMetricFamily("maas_stream_clients", "Open streams", len(hub.subscribers))
        yield CounterMetricFamily("maas_stream_closed_slow", "Too slow", hub.closed_slow)
        yield GaugeMetricFamily("maas_history_waiting", "Fixes to write", self.history.waiting)
        yield CounterMetricFamily("maas_history_written", "Fixes written", self.history.written)
        yield CounterMetricFamily("maas_history_lost", "Fixes given up", self.history.lost)
        verdicts = CounterMetricFamily("maas_positions", "Fixes by verdict", labels=["verdict"])
        for verdict, count in gate.counts.items():
            verdicts.add_metric([verdict.value], count)
        yield verdicts
        yield _messages(self.service.post)
        yield _letters(self.service.courier)
        yield from self._operations()
        clocks = GaugeMetricFamily(
            "maas_device_clock_ahead_seconds", "What clocks are wrong by", labels=["vehicle"]
        )
        for clock in gate.clocks():
            if clock.ahead_s is not None:
                clocks.add_metric([clock.vehicle], round(clock.ahead_s))
        yield clocks

    def _operations(self) -> Iterator[Metric]:
        """Yield what whoever looks after the machine is woken up for."""
        settings, joined = self.service.settings, self.service.joined
        free = shutil.disk_usage(settings.data_dir).free
        yield GaugeMetricFamily("maas_disk_free_bytes", "Room for the data", free)
        last = last_backup(settings)
        if last is not None:
            yield GaugeMetricFamily("maas_last_backup_timestamp_seconds", "Last backup", last.at)
        if joined is not None:
            connected = GaugeMetricFamily("maas_redis_connected", "Whether Redis answers")
            connected.add_metric([], joined.bus.connected)
            yield connected
        kept = GaugeMetricFamily(
            "maas_area_kept", "Whether this process does what is due there", labels=["area"]
        )
        for area, keeper in self.service.keepers.items():
            kept.add_metric([area], keeper.leads)
        yield kept
        ended = CounterMetricFamily(
            "maas_search_ended",
            "Tasks whose searching process has died or hung",
            labels=["area", "search", "how"],
        )
        for area, keeper in self.service.keepers.items():
            for search, fate in keeper.fates.items():
                ended.add_metric([area, search, "died"], fate.died)
                ended.add_metric([area, search, "hung"], fate.hung)
        yield ended


def _messages(post: Post | None) -> CounterMetricFamily:
    sent = CounterMetricFamily("maas_messages", "Messages sent", labels=["channel", "outcome"])
    for names, count in (post.counts if post is not None else {}).items():
        sent.add_metric(names, count)
    return sent


def _letters(courier: Courier | None) -> CounterMetricFamily:
    letters = CounterMetricFamily(
        "maas_webhook_letters", "Letters to other services", labels=["outcome"]
    )
    for name, count in (courier.counts if courier is not None else {}).items():
        letters.add_metric([name], count)
    return letters
