"""Cinder's own word on test cases: reads a JSON list of {"stats", "specs"} and writes, for each, what the API shows of the
pool and whether CapabilitiesFilter lets it pass; null where it raises. Runs with any Python that has Cinder installed."""
import json
import sys
import types

from cinder import objects

objects.register_all()

from cinder.api.views import scheduler_stats  # noqa: E402
from cinder.scheduler import host_manager  # noqa: E402
from cinder.scheduler.filters import capabilities_filter  # noqa: E402

VIEW = scheduler_stats.ViewBuilder()
FILTER = capabilities_filter.CapabilitiesFilter()


def ask(stats, specs):
    # As the scheduler takes a driver's stats in.
    stats = dict(stats, timestamp="2026-01-01T00:00:00.000000")
    backend = host_manager.BackendState("host@backend", None)
    backend.update_from_volume_capability(stats)
    (pool,) = backend.pools.values()
    try:
        passes = FILTER.backend_passes(pool, {"resource_type": {"extra_specs": specs}})
    except Exception:
        passes = None
    shown = VIEW.pools(None, [{"name": "host@backend#pool", "capabilities": dict(pool.capabilities)}], True)
    return {"shown": shown["pools"][0]["capabilities"], "passes": passes}


json.dump([ask(case["stats"], case["specs"]) for case in json.load(sys.stdin)], sys.stdout)
