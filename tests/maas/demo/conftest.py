"""The demo's network is drawn once for all tests."""

from __future__ import annotations

import pytest

from dispatcher.roads import RoadNetwork, Roads
from dispatcher.roads.build import build
from maas.demo.network import Network, draw_network, write_osm


@pytest.fixture(scope="session")
def network() -> Network:
    return draw_network()


@pytest.fixture(scope="session")
def roads(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Roads:
    """The demo's roads after the production importer."""
    folder = tmp_path_factory.mktemp("roads")
    write_osm(network, folder / "demo.osm")
    report = build(folder / "demo.osm", folder / "built")
    assert report.islands == ()
    return Roads(RoadNetwork.load(folder / "built"))
