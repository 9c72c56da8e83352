"""Detectors: arrays in, change out; one file a method, one protocol each for series and pairs.

Here belong methods and the two protocols they fit. Choosing dates and zones belongs to the
stages around; no detector knows another.
"""
