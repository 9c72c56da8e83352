"""zonewatch: open satellite imagery, change by zone, and what that does to dated claims.

Here belongs nothing but this line of welcome: importing the package must cost almost nothing,
so the stages are imported by name (``pipeline.run``, ``pipeline.detect``), never from here.
"""
