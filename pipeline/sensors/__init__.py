"""What the bands, masks, scalings and offsets of each sensor mean.

Here belong the dictionaries of a sensor and the decisions that follow from its documentation.
Reading pixels belongs to ``fetch``, putting them on one grid to ``prepare``.
"""
