"""The AOI folder: read it into a ``Site``, or say everything that is wrong with it.

Here belongs the reading and checking of ``site.toml``, ``boundary.geojson`` and
``zones.geojson``. Burning zones onto pixels belongs to ``prepare``; what is measured in them to
``zones``.
"""

from pipeline.sites.folder import check_site, load_site

__all__ = ["check_site", "load_site"]
