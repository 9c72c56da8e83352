"""Pixel arithmetic on plain arrays: no files, no network, no nouns of the domain.

Here belongs what is true of any raster. What a sensor means belongs to ``sensors``.
"""
