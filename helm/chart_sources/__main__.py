"""`python -m chart_sources` (PYTHONPATH=helm): write the chart's generated files."""

from chart_sources.generation import CHART, write

for path in write():
    print(path.relative_to(CHART.parents[1]))  # noqa: T201
