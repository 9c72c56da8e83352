"""Where bytes and records lie: paths, atomic files, rasters, chips and the ledger of runs.

Here belongs everything that touches our own disk. What the bytes mean belongs to the stages.
"""
